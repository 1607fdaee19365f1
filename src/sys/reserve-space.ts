import { check, hasCode, libc } from '#sys/libc.ts';

/** fallocate(2): the file's size stays as it is. */
const FALLOC_FL_KEEP_SIZE = 1;

const fallocate = libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)');

/**
 * Takes the space for a file's first `bytes`, so that it can grow to there on a full disk. A file that is cut off afterwards gives it back.
 * @returns false when the disk is full already, or its file system cannot do so. @throws SystemError
 */
export function reserveSpace(fd: number, bytes: number): boolean {
  try {
    check('fallocate', fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT', 'EOPNOTSUPP', 'ENOSYS')) return false;
    throw error;
  }
}
