import fs from 'node:fs';
import { messageOf } from '#errors/error.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import {
  exitFile,
  findLiveMonitor,
  type ProcessDirectory,
  readContainerOf,
  readExit,
  readPid,
  readSpec,
} from '#runtime/conmon/directories.ts';
import { watchOom } from '#runtime/conmon/oom.ts';
import type { Exit } from '#runtime/runtime.ts';
import { killCgroup, readCgroupPaths } from '#sys/cgroup.ts';
import { hasCode } from '#sys/libc.ts';
import { openPidfd, signalPidfd } from '#sys/pidfd.ts';

const SIGKILL = 9;

/** Who hears of exits. Exits that happen before the listener comes are kept for it. */
export interface ExitBoard {
  listen(listener: (exit: Exit) => void): void;
  tell(exit: Exit): void;
  listenToOoms(listener: (containerId: string) => void): void;
  tellOom(containerId: string): void;
  /** The exit of this container is nobody's business any more: it is being deleted. */
  mute(id: string): void;
  forget(id: string): void;
}

export function createExitBoard(): ExitBoard {
  const silent = new Set<string>();
  const told = new Set<string>();
  let listener: ((exit: Exit) => void) | undefined;
  let oomListener: ((containerId: string) => void) | undefined;
  let kept: Exit[] = [];
  return {
    listen(replacement) {
      listener = replacement;
      const waiting = kept;
      kept = [];
      for (const exit of waiting) replacement(exit);
    },
    tell(exit) {
      if (silent.has(exit.id) || told.has(exit.id)) return;
      told.add(exit.id);
      if (listener) listener(exit);
      else kept.push(exit);
    },
    listenToOoms(replacement) {
      oomListener = replacement;
    },
    tellOom(id) {
      if (!silent.has(id)) oomListener?.(id);
    },
    mute: (id) => void silent.add(id),
    forget(id) {
      silent.delete(id);
      told.delete(id);
    },
  };
}

/**
 * Called when a monitor has gone: tells how its process ended.
 * @returns undefined when there never was a process
 */
export function settleExit(context: RuntimeContext, directory: ProcessDirectory): Exit | undefined {
  const exit = readExit(directory) ?? settleKilledMonitor(context, directory);
  if (exit) context.exits.tell(exit);
  return exit;
}

/**
 * A monitor that left no exit code was killed. Its process has lost its output and nobody will learn its code, so it is killed
 * too, and the exit is noted as conmon would have done it.
 */
function settleKilledMonitor(context: RuntimeContext, directory: ProcessDirectory): Exit | undefined {
  if (directory.kind === 'exec') {
    killOrphan(context, directory);
  } else {
    const cgroup = readSpec(directory)?.linux.cgroupsPath;
    if (cgroup !== undefined) killCgroup(context.cgroups, cgroup);
  }
  if (readPid(directory) === undefined) return undefined;
  context.log.warn('monitor-killed', { id: directory.id, kind: directory.kind });
  fs.writeFileSync(directory.file('lost'), '');
  fs.writeFileSync(exitFile(directory), String(128 + SIGKILL));
  return readExit(directory);
}

/** Kills an exec's process; without its monitor it is known as ours by its container's control group. */
function killOrphan(context: RuntimeContext, directory: ProcessDirectory): void {
  const container = readContainerOf(directory);
  const cgroup = container && readSpec(context.directories.container(container))?.linux.cgroupsPath;
  const pid = readPid(directory);
  if (cgroup === undefined || pid === undefined) return;
  try {
    const pidfd = openPidfd(pid);
    try {
      if (readCgroupPaths(pid).includes(cgroup)) signalPidfd(pidfd, SIGKILL);
    } finally {
      fs.closeSync(pidfd);
    }
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Tells the exit when the monitor has gone, and until then a want of memory. */
export function supervise(context: RuntimeContext, directory: ProcessDirectory, exited: Promise<void>): void {
  const oom =
    directory.kind === 'container'
      ? watchOom(context.cgroups, directory, () => context.exits.tellOom(directory.id))
      : undefined;
  const settled = exited.then(() => {
    oom?.[Symbol.dispose]();
    context.monitors.delete(directory.id);
    if (!fs.existsSync(directory.path)) return;
    try {
      settleExit(context, directory);
    } catch (error) {
      context.log.error('exit-unreadable', { id: directory.id, error: messageOf(error) });
    }
  });
  context.monitors.set(directory.id, settled);
}

/** Goes on watching what a former daemon started. */
export function resumeWatching(context: RuntimeContext): void {
  for (const directory of context.directories.list()) {
    if (context.monitors.has(directory.id)) continue;
    supervise(context, directory, monitorExit(context, directory));
  }
}

/** Resolves when the monitor of a container or exec does not run any more. */
export async function monitorExit(context: RuntimeContext, directory: ProcessDirectory): Promise<void> {
  const monitorPid = findLiveMonitor(directory);
  if (monitorPid === undefined) return;
  let pidfd: number;
  try {
    pidfd = openPidfd(monitorPid);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return;
    throw error;
  }
  await new Promise<void>((resolve) => context.poller.watchExit(pidfd, resolve));
}
