import { check, libc } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

const fcntl = libc.func('int fcntl(int fd, int command, int argument)');
const pipe2 = libc.func('int pipe2(_Out_ int *descriptors, int flags)');

/** pipe(7), both ends closed on exec. The caller closes both. @throws SystemError (EMFILE, ENFILE) */
export function openPipe(): { readFd: number; writeFd: number } {
  const descriptors = [0, 0];
  check('pipe2', pipe2(descriptors, O_CLOEXEC));
  return { readFd: descriptors[0] as number, writeFd: descriptors[1] as number };
}

const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;

/**
 * Makes a pipe larger, as far as this process may (/proc/sys/fs/pipe-max-size, pipe-user-pages-soft).
 * @returns its size in bytes
 */
export function widenPipe(fd: number, sizeBytes: number): number {
  fcntl(fd, F_SETPIPE_SZ, sizeBytes);
  return check('fcntl', fcntl(fd, F_GETPIPE_SZ, 0));
}
