import fs from 'node:fs';
import path from 'node:path';
import type { CgroupHierarchies } from '#sys/cgroup.ts';

/**
 * Who moves a process into a control group waits for a grace period of RCU (7 to 16 ms measured at HZ 250) unless somebody has done so within
 * the last 10 to 30 ms: the kernel's lock for it (`cgroup_threadgroup_rwsem`) is cheap for those who fork and dear for those who move. So it
 * pays to move something beforehand, while there is other work to do.
 */
export interface CgroupMoves {
  /**
   * Does the waiting for moves that will come soon, on a thread of Node's pool, by moving this process to where it is. Returns at once; when
   * it cannot be done, the moves that come do their own waiting.
   */
  anticipate(): void;
}

export function createCgroupMoves(hierarchies: CgroupHierarchies): CgroupMoves {
  let waiting = false;
  return {
    anticipate() {
      if (waiting) return;
      const directory = findOwnGroup(hierarchies, fs.readFileSync('/proc/self/cgroup', 'latin1'));
      if (directory === undefined) return;
      waiting = true;
      fs.writeFile(path.join(directory, 'cgroup.procs'), '0', { flag: 'r+' }, () => {
        waiting = false;
      });
    },
  };
}

/** The directory of a process's group in the first hierarchy that is mounted. @param text of /proc/<pid>/cgroup, cgroups(7) */
export function findOwnGroup({ mounts }: CgroupHierarchies, text: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, controllers = '', ...rest] = line.split(':');
    const mount = mounts.find((candidate) =>
      candidate.unified ? controllers === '' : candidate.controllers.join() === controllers,
    );
    if (mount && rest.length > 0) return path.join(mount.directory, rest.join(':'));
  }
  return undefined;
}
