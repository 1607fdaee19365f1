import fs from 'node:fs';
import { check, hasCode, libc } from '#sys/libc.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

const flock = libc.func('int flock(int fd, int operation)');

/**
 * Takes an exclusive advisory lock on a file (flock(2)), made if missing. The kernel lets go of it when this process ends, in whatever
 * way, so a lock never outlives its holder. The file keeps the holder's pid for error messages.
 * @param fate what becomes of the file when the lock is let go
 * @returns undefined when another process holds it
 */
export function tryLockFile(path: string, fate: 'kept' | 'removed' = 'kept'): Disposable | undefined {
  for (;;) {
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    try {
      check('flock', flock(fd, LOCK_EX | LOCK_NB), path);
    } catch (error) {
      fs.closeSync(fd);
      if (hasCode(error, 'EWOULDBLOCK', 'EAGAIN')) return undefined;
      throw error;
    }
    if (fs.fstatSync(fd).nlink === 0) {
      // Its holder has removed it between the two calls: the lock is on nothing.
      fs.closeSync(fd);
      continue;
    }
    fs.ftruncateSync(fd);
    fs.writeSync(fd, `${process.pid}\n`, 0);
    return {
      [Symbol.dispose]() {
        if (fate === 'removed') fs.rmSync(path, { force: true });
        fs.closeSync(fd);
      },
    };
  }
}
