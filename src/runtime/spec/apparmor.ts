import type { HostAppArmor, SecuritySettings } from '#runtime/spec.ts';

/** What Compose files call the engine's own profile. */
const dockerDefault = 'docker-default';

/** The profile of a container's processes, that of exec's among them, privileged or not, as in Docker. undefined: the daemon's own. */
export function chooseAppArmorProfile(
  { apparmorProfile, privileged }: Pick<SecuritySettings, 'apparmorProfile' | 'privileged'>,
  host: HostAppArmor | undefined,
): string | undefined {
  if (host === undefined) return undefined;
  if (apparmorProfile === undefined) return privileged ? 'unconfined' : host.defaultProfile;
  return apparmorProfile === dockerDefault ? (host.defaultProfile ?? dockerDefault) : apparmorProfile;
}
