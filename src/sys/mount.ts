import { callInBackground, check, libc } from '#sys/libc.ts';

/** umount2(2) flags. */
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

const mountFunction = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umountFunction = libc.func('int umount2(const char *target, int flags)');

const MS_RDONLY = 1;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
const MS_REC = 16384;
const MS_PRIVATE = 1 << 18;

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

/** Shows what is at `source` at `target` too, with everything mounted below it. Neither path may be a stranger's. @throws SystemError */
export function bindMount(source: string, target: string, readonly: boolean): void {
  check('mount', mountFunction(source, target, null, MS_BIND | MS_REC, null), target);
  if (readonly)
    check('mount', mountFunction(null, target, null, MS_REMOUNT | MS_BIND | MS_RDONLY, null), target);
}

/** Cuts all mounts off from other namespaces: what is mounted from now on is seen here only. @throws SystemError */
export function makeMountsPrivate(): void {
  check('mount', mountFunction(null, '/', null, MS_REC | MS_PRIVATE, null), '/');
}

/** Detaches the mount at once, even if it is busy; the kernel frees it with its last user. @throws SystemError */
export function unmountDetach(target: string): void {
  check('umount2', umountFunction(target, MNT_DETACH | UMOUNT_NOFOLLOW), target);
}

/**
 * The same in Node's thread pool: the kernel waits there for its readers of the mount table, about a millisecond.
 * @throws SystemError
 */
export async function unmountDetachInBackground(target: string): Promise<void> {
  const result = await callInBackground(umountFunction, target, MNT_DETACH | UMOUNT_NOFOLLOW);
  // Once more here, for the errno.
  if (result !== 0) unmountDetach(target);
}
