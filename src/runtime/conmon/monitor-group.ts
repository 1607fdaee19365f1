import fs from 'node:fs';
import path from 'node:path';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { type CgroupHierarchies, removeCgroup } from '#sys/cgroup.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * The control group of all monitors, outside of the daemon's. In the daemon's, the kernel would kill them with it when it has used up its
 * memory (`MemoryMax` of its unit), which is the end of their containers.
 */
export interface MonitorGroup extends Disposable {
  /** Resolves when the monitor is in the group; where that cannot be, the monitor stays in the daemon's, and the log tells it. */
  take(pid: number): Promise<void>;
}

/** @param cgroupPath of a group that no container has; made with the first monitor, removed by the end when it is empty */
export function createMonitorGroup(cgroups: CgroupHierarchies, cgroupPath: string, log: Log): MonitorGroup {
  // Of version 1 only where memory is counted: each hierarchy costs another move.
  const mount = cgroups.mounts.find(({ unified, controllers }) =>
    cgroups.version === 2 ? unified : controllers.includes('memory'),
  );
  const directory = mount && path.join(mount.directory, cgroupPath);
  return {
    async take(pid) {
      if (directory === undefined) return;
      try {
        await enter(directory, pid);
      } catch (error) {
        // It has ended: what it was to watch could not be made.
        if (!hasCode(error, 'ESRCH')) log.warn('monitor-not-moved', { pid, error: messageOf(error) });
      }
    },
    [Symbol.dispose]: () => void removeCgroup(cgroups, cgroupPath),
  };
}

async function enter(directory: string, pid: number): Promise<void> {
  const file = path.join(directory, 'cgroup.procs');
  // On a thread of the pool, as a move may wait for the kernel: see CgroupMoves.
  const move = (): Promise<void> => fs.promises.writeFile(file, String(pid), { flag: 'r+' });
  try {
    await move();
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    fs.mkdirSync(directory, { recursive: true });
    await move();
  }
}
