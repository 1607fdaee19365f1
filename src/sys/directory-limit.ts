import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { isBtrfs, limitSubvolume, makeSubvolume } from '#sys/directory-limit/btrfs.ts';
import { limitProject, unlimitProject } from '#sys/directory-limit/project-quota.ts';
import { hasCode } from '#sys/libc.ts';

/** What kernels and file systems answer that do not keep such limits, or not now. */
const notKept = ['ESRCH', 'ENOSYS', 'ENOTTY', 'EOPNOTSUPP', 'EINVAL', 'ENOTCONN'];

/**
 * Makes a directory that holds no more than so many bytes, with everything below it: a project quota on ext4 and xfs, a quota
 * group on btrfs. Not even root writes more, but for processes with CAP_SYS_RESOURCE on ext4 and xfs.
 * @throws Unsupported, with what the administrator can do, where the file system keeps no such limits; nothing is made then
 */
export function makeLimitedDirectory(directory: string, bytes: number, mode: number): void {
  const btrfs = isBtrfs(path.dirname(directory));
  if (btrfs) makeSubvolume(directory);
  else fs.mkdirSync(directory, { mode });
  try {
    fs.chmodSync(directory, mode);
    if (btrfs) limitSubvolume(directory, bytes);
    else limitProject(directory, bytes);
  } catch (error) {
    fs.rmdirSync(directory);
    if (!hasCode(error, ...notKept)) throw error;
    const remedy = btrfs
      ? `switch them on by: btrfs quota enable ${path.dirname(directory)}`
      : 'mount it with the option prjquota (xfs, or ext4 with the feature "project")';
    throw new DhowError(
      'Unsupported',
      `cannot limit the size of ${directory}: its file system keeps no quotas; ${remedy}, or leave the size out`,
      { cause: error },
    );
  }
}

/** Forgets the limit of a directory that is about to be removed; no error when it has none. The groups of btrfs go by themselves. */
export function forgetDirectoryLimit(directory: string): void {
  try {
    if (!isBtrfs(directory)) unlimitProject(directory);
  } catch (error) {
    // Gone already, or mounted without quotas by now.
    if (!hasCode(error, ...notKept, 'ENOENT')) throw error;
  }
}
