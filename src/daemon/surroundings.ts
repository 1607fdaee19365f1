import fs from 'node:fs';
import { mountPointsUnder } from '#sys/mount-table.ts';

/**
 * What is wrong with where the daemon runs, for the log and `info`. `setns`, by which `exec` enters containers, leaves a chroot; and one
 * that is no mount point can hold no container at all.
 */
export function warnOfSurroundings(proc = '/proc', mountPoints = mountPointsUnder('/')): string[] {
  if (mountPoints.includes('/') && !hasOtherRootThanHost(proc)) return [];
  return [
    'WARNING: the daemon runs in a chroot, in which containers do not start or exec enters the root outside: give it its root by pivot_root, as service managers do',
  ];
}

/** Of processes with the same mounts, one whose root is not that of process 1 is in a chroot. */
function hasOtherRootThanHost(proc: string): boolean {
  try {
    const [first, own] = [fs.statSync(`${proc}/1/root/`), fs.statSync(`${proc}/self/root/`)];
    const sharesMounts = fs.readlinkSync(`${proc}/1/ns/mnt`) === fs.readlinkSync(`${proc}/self/ns/mnt`);
    return sharesMounts && (first.dev !== own.dev || first.ino !== own.ino);
  } catch {
    // Process 1 may not be looked at.
    return false;
  }
}
