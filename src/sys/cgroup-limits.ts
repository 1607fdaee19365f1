import fs from 'node:fs';
import path from 'node:path';
import { type CgroupHierarchies, findCgroupDirectories } from '#sys/cgroup.ts';
import { hasCode } from '#sys/libc.ts';

/** How either version of control groups writes that there is no limit (kernel: cgroup-v2.rst; v1 pids.rst, sched-bwc.rst). */
const unlimited = {
  cpuQuota: { 'cpu.max': 'max', 'cpu.cfs_quota_us': '-1' },
  pids: { 'pids.max': 'max' },
};

/** Takes a limit of a control group away. Does nothing where it has no such controller, and so no limit. */
export function liftLimit(
  hierarchies: CgroupHierarchies,
  cgroupPath: string,
  limit: keyof typeof unlimited,
): void {
  for (const directory of findCgroupDirectories(hierarchies, cgroupPath)) {
    for (const [file, value] of Object.entries(unlimited[limit])) {
      try {
        fs.writeFileSync(path.join(directory, file), value, { flag: 'r+' });
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error;
      }
    }
  }
}
