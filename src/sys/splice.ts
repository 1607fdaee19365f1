import { lastErrno, libc, SystemError } from '#sys/libc.ts';

const splice = libc.func(
  'long splice(int from, void *fromOffset, int to, void *toOffset, size_t length, uint flags)',
);

const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const EINTR = 4;
const EAGAIN = 11;

/**
 * splice(2): moves bytes between a pipe and another descriptor without bringing them into this process. Both must not block.
 * @returns how many were moved, 0 at the end of `from`; undefined when nothing is there, or there is no room
 * @throws SystemError
 */
export function spliceBytes(from: number, to: number, lengthBytes: number): number | undefined {
  for (;;) {
    const moved = Number(splice(from, null, to, null, lengthBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
    if (moved >= 0) return moved;
    const errno = lastErrno();
    if (errno === EAGAIN) return undefined;
    if (errno !== EINTR) throw new SystemError('splice', errno);
  }
}
