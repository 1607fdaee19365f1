import { check, libc } from '#sys/libc.ts';

/** umount2(2) flags. */
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

const mountFunction = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umountFunction = libc.func('int umount2(const char *target, int flags)');

export interface MountCall {
  source: string;
  target: string;
  type: string;
  data?: string;
}

/** mount(2). The target is followed through symlinks: pass only paths that the daemon itself made. @throws SystemError */
export function mount({ source, target, type, data = '' }: MountCall): void {
  check('mount', mountFunction(source, target, type, 0, data), target);
}

/** Detaches the mount at once, even if it is busy; the kernel frees it with its last user. @throws SystemError */
export function unmountDetach(target: string): void {
  check('umount2', umountFunction(target, MNT_DETACH | UMOUNT_NOFOLLOW), target);
}
