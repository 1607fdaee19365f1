import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';
import { limitDirectory, unlimitDirectory } from '#sys/project-quota.ts';

/** @throws Unsupported with what the administrator can do */
export function limitSize(directory: string, bytes: number): void {
  try {
    limitDirectory(directory, bytes);
  } catch (error) {
    if (!hasCode(error, 'ESRCH', 'ENOSYS', 'ENOTTY', 'EOPNOTSUPP', 'EINVAL')) throw error;
    throw new DhowError(
      'Unsupported',
      `cannot limit the size of a volume: the file system of ${directory} keeps no project quotas; mount it with the option prjquota (xfs, or ext4 with the feature "project"), or leave the size out`,
      { cause: error },
    );
  }
}

/** The number of blocks that a limit was given for may be used by others later. */
export function forgetLimit(directory: string): void {
  try {
    unlimitDirectory(directory);
  } catch (error) {
    // Mounted without quotas by now, or gone: there is no limit either.
    if (!hasCode(error, 'ESRCH', 'ENOSYS', 'ENOTTY', 'EOPNOTSUPP', 'EINVAL', 'ENOENT')) throw error;
  }
}
