import type { HostAppArmor, SecuritySettings } from '#runtime/spec.ts';

/** The profile of a container's processes, that of exec's among them, privileged or not, as in Docker. undefined: the daemon's own. */
export function chooseAppArmorProfile(
  { apparmorProfile, privileged }: Pick<SecuritySettings, 'apparmorProfile' | 'privileged'>,
  host: HostAppArmor | undefined,
): string | undefined {
  if (host === undefined) return undefined;
  return apparmorProfile ?? (privileged ? 'unconfined' : host.defaultProfile);
}
