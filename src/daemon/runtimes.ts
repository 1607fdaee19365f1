import path from 'node:path';
import type { DaemonConfig } from '#daemon/config.ts';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { findConmon, findOciRuntime, findOtherRuntimes, type OciRuntime } from '#runtime/detect.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { claimControllers, leftoverControllers, leftoversAreUnused } from '#sys/cgroup-claim.ts';

export interface ChosenRuntime {
  conmon: { path: string; version: string };
  ociRuntime: OciRuntime;
  /** What containers may ask for besides: programs by name. */
  otherRuntimes: Record<string, string>;
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
  const conmon = await findConmon(config.conmonPath);
  const wanted = config.defaultRuntime;
  const configured = wanted !== undefined && Object.hasOwn(config.runtimes, wanted);
  const program = configured ? config.runtimes[wanted] : wanted;
  using undo = new DisposableStack();
  const mayBeCrun = program === undefined || path.basename(program).includes('crun');
  const claim = undo.use(mayBeCrun ? await makeRoomForCrun(log) : undefined);
  const found = await findOciRuntime(program);
  const ociRuntime = configured ? { ...found, name: wanted } : found;
  const warnings = found.remark === undefined ? [] : [found.remark];
  const { [ociRuntime.name]: _, ...others } = config.runtimes;
  if (found.name !== 'crun') {
    // As the controllers are given back.
    undo.dispose();
    const otherRuntimes = { ...findOtherRuntimes(ociRuntime.name), ...others };
    return { conmon, ociRuntime, otherRuntimes, warnings, claim: undefined };
  }
  const otherRuntimes = { ...findOtherRuntimes(ociRuntime.name), ...others };
  undo.move();
  return { conmon, ociRuntime, otherRuntimes, warnings, claim };
}

/**
 * crun refuses hybrid hosts while the version 2 hierarchy has controllers: those that nobody uses are held on version 1. When that
 * fails, the detection finds the obstacle and says so.
 */
async function makeRoomForCrun(log: Log): Promise<Disposable | undefined> {
  const hierarchies = readCgroupHierarchies();
  const leftovers = leftoverControllers(hierarchies);
  if (leftovers.length === 0 || !leftoversAreUnused(hierarchies)) return undefined;
  const controllers = leftovers.join(', ');
  try {
    const claim = await claimControllers(leftovers);
    log.info('controllers claimed', { controllers });
    return claim;
  } catch (error) {
    log.warn('controllers not claimed', { controllers, error: messageOf(error) });
    return undefined;
  }
}
