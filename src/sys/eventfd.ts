import { check, libc } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

const eventfd = libc.func('int eventfd(uint initial, int flags)');

/** eventfd(2): readable after 8 bytes were written to it. The caller closes it. @throws SystemError EMFILE */
export function openEventfd(): number {
  return check('eventfd', eventfd(0, O_CLOEXEC));
}
