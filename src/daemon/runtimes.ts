import type { DaemonConfig } from '#daemon/config.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { findConmon, findOciRuntime, type OciRuntime } from '#runtime/detect.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { claimControllers, leftoverControllers, leftoversAreUnused } from '#sys/cgroup-claim.ts';

export interface ChosenRuntime {
  conmon: { path: string; version: string };
  ociRuntime: OciRuntime;
  /** For `info`: why the faster runtime is not the one in use. */
  warnings: string[];
  /** What is held so that the runtime works; to be disposed when the daemon ends. */
  claim: Disposable | undefined;
}

/**
 * The configured runtime, or crun where it works, else runc. See docs/decisions/0001-hybrid-cgroups.md.
 * @throws Unavailable naming the package to install, or why the configured runtime cannot work here
 */
export async function chooseRuntime(config: DaemonConfig, log: Log): Promise<ChosenRuntime> {
  const [conmon, ociRuntime] = await Promise.all([findConmon(), findOciRuntime(config.defaultRuntime)]);
  if (ociRuntime.name !== 'crun') return { conmon, ociRuntime, warnings: [], claim: undefined };
  try {
    const claim = makeRoomForCrun(log);
    return { conmon, ociRuntime, warnings: [], claim };
  } catch (error) {
    if (config.defaultRuntime !== undefined) throw error;
    const warning = `crun cannot be used, runc is: ${messageOf(error)}`;
    log.warn('runtime', { warning });
    return { conmon, ociRuntime: await findOciRuntime('runc'), warnings: [warning], claim: undefined };
  }
}

/** crun refuses hybrid hosts while the version 2 hierarchy has controllers: those that nobody uses are held on version 1. */
function makeRoomForCrun(log: Log): Disposable | undefined {
  const hierarchies = readCgroupHierarchies();
  const leftovers = leftoverControllers(hierarchies);
  if (leftovers.length === 0) return undefined;
  const names = leftovers.join(', ');
  if (!leftoversAreUnused(hierarchies)) {
    throw new DhowError(
      'Unavailable',
      `this host mixes cgroup versions and uses ${names} on version 2: mount them as version 1 or use --default-runtime runc`,
    );
  }
  try {
    const claim = claimControllers(leftovers);
    log.info('controllers claimed', { controllers: names });
    return claim;
  } catch (cause) {
    throw new DhowError('Unavailable', `cannot hold ${names} on cgroup version 1: ${messageOf(cause)}`, {
      cause,
    });
  }
}
