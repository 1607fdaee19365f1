import fs from 'node:fs';
import path from 'node:path';
import { check, hasCode, libc } from '#sys/libc.ts';

/** ioctl_ficlone(2) */
const FICLONE = 0x40049409;

const ioctl = libc.func('int ioctl(int fd, unsigned long request, int source)');

/** Whether files of a directory can share blocks (btrfs, xfs with reflink): tried out with two that are gone afterwards. */
export function canShareBlocks(directory: string): boolean {
  const scratch = fs.mkdtempSync(path.join(directory, '.share-'));
  try {
    const source = fs.openSync(path.join(scratch, 'source'), 'w+');
    const target = fs.openSync(path.join(scratch, 'target'), 'w');
    try {
      fs.writeSync(source, Buffer.alloc(4096, 1));
      check('ioctl', ioctl(target, FICLONE, source));
      return true;
    } catch (error) {
      if (hasCode(error, 'EOPNOTSUPP', 'ENOTTY', 'EINVAL', 'ENOSYS', 'EXDEV')) return false;
      throw error;
    } finally {
      fs.closeSync(source);
      fs.closeSync(target);
    }
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
}
