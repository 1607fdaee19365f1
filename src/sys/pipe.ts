import { check, libc } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

const pipe2 = libc.func('int pipe2(_Out_ int *descriptors, int flags)');

/** pipe(7), both ends closed on exec. The caller closes both. @throws SystemError (EMFILE, ENFILE) */
export function openPipe(): { readFd: number; writeFd: number } {
  const descriptors = [0, 0];
  check('pipe2', pipe2(descriptors, O_CLOEXEC));
  return { readFd: descriptors[0] as number, writeFd: descriptors[1] as number };
}
