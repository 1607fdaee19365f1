import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { DhowError, messageOf } from '#errors/error.ts';
import { renderProfile } from '#runtime/apparmor/profile.ts';
import { findProgram } from '#runtime/detect.ts';
import type { HostAppArmor } from '#runtime/spec.ts';
import { hasAppArmor, listAppArmorProfiles, readAppArmorLabel } from '#sys/security-modules.ts';

const defaultProfile = 'dhow-default';

/** In place of Dhow's text, where an administrator has written one; hosts load it when they boot, too. */
const ownProfileFile = `/etc/apparmor.d/${defaultProfile}`;

export interface AppArmor {
  /** undefined: the kernel confines nothing by AppArmor. */
  host?: HostAppArmor;
  /** For `info` and the log: as it is at present. */
  warnings(): string[];
  /**
   * To be called before a process with this profile is made: others unload what lies in no file of theirs (`aa-remove-unknown`).
   * @throws Unavailable when it is the default one, is not loaded, and cannot be
   */
  ensureLoaded(profile: string): Promise<void>;
}

/** What is asked of the host. */
export interface ProfileLoader {
  hasAppArmor(): boolean;
  /** See `listAppArmorProfiles`. */
  list(): string[] | undefined;
  /** Path of `apparmor_parser`. */
  parser: string | undefined;
  /** @throws what the parser complains of */
  load(parser: string): Promise<void>;
}

/**
 * Loads the default profile, also when the kernel has one of this name: an earlier Dhow's. A host that cannot load any, without
 * `apparmor_parser` or in a container, goes on without and is warned of it, as what else holds containers holds them all the same. One that
 * could, but where the profile is refused, starts no container that needs it, unless the kernel has it from before.
 */
export async function openAppArmor(
  loader: ProfileLoader = {
    hasAppArmor,
    list: listAppArmorProfiles,
    parser: findProgram('apparmor_parser'),
    load: loadDefaultProfile,
  },
): Promise<AppArmor> {
  if (!loader.hasAppArmor()) return { warnings: () => [], ensureLoaded: async () => {} };
  const { parser } = loader;
  const noParser = 'apparmor_parser was not found (install the package apparmor)';
  const loaded = loader.list();
  if (loaded === undefined || (parser === undefined && !loaded.includes(defaultProfile))) {
    const lack =
      loaded === undefined
        ? 'the kernel does not show its profiles (mount -t securityfs securityfs /sys/kernel/security)'
        : noParser;
    const warning = `WARNING: AppArmor confines only containers that name a profile, as ${lack}; then restart the daemon`;
    return { host: {}, warnings: () => [warning], ensureLoaded: async () => {} };
  }
  const isLoaded = (): boolean => loader.list()?.includes(defaultProfile) ?? false;

  let failure: DhowError | undefined;
  async function load(): Promise<void> {
    try {
      if (parser === undefined) throw new Error(noParser);
      await loader.load(parser);
      if (!isLoaded()) throw new Error(`${ownProfileFile} does not define it`);
      failure = undefined;
    } catch (cause) {
      const why = messageOf(cause).trim();
      failure = new DhowError(
        'Unavailable',
        `the AppArmor profile ${defaultProfile} cannot be loaded (--security-opt apparmor=unconfined does without): ${why}`,
        { cause },
      );
      throw failure;
    }
  }
  let loading: Promise<void> | undefined;
  async function ensureLoaded(profile: string): Promise<void> {
    if (profile !== defaultProfile || isLoaded()) return;
    loading ??= load().finally(() => {
      loading = undefined;
    });
    await loading;
  }

  if (parser !== undefined) await load().catch(() => {});
  return {
    host: { defaultProfile },
    warnings: () =>
      failure === undefined
        ? []
        : [
            `WARNING: containers that name no other AppArmor profile ${isLoaded() ? 'have the one that is loaded' : 'do not start'}: ${failure.message}`,
          ],
    ensureLoaded,
  };
}

const run = promisify(execFile);

/** @throws what `apparmor_parser` complains of */
async function loadDefaultProfile(parser: string): Promise<void> {
  const given = fs.existsSync(ownProfileFile);
  const loading = run(parser, ['--replace', ...(given ? [ownProfileFile] : [])], { timeout: 60_000 });
  // It may fail before it has read.
  loading.child.stdin?.on('error', () => {});
  // Without a file it reads standard input.
  loading.child.stdin?.end(
    given
      ? ''
      : renderProfile({
          name: defaultProfile,
          daemonLabel: readAppArmorLabel(),
          pinned: fs.existsSync('/etc/apparmor.d/abi/3.0'),
        }),
  );
  await loading;
}
