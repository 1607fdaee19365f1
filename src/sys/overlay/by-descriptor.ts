import { closeFd } from '#sys/file-tree.ts';
import { check, hasCode, lastErrno, libc, SystemError } from '#sys/libc.ts';
import { neededOptions } from '#sys/overlay/needed-options.ts';
import { plainPaths } from '#sys/overlay/plain-paths.ts';
import type { OverlayMount } from '#sys/overlay.ts';

/** The same numbers on all architectures that Node runs on. */
const SYS_move_mount = 429;
const SYS_fsopen = 430;
const SYS_fsconfig = 431;
const SYS_fsmount = 432;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const AT_FDCWD = -100;

/** fsconfig takes no longer strings. */
const maxStringBytes = 255;

const fsopenFunction = libc.func('long syscall(long number, const char *type, unsigned int flags)');
const fsconfigFunction = libc.func(
  'long syscall(long number, int fd, unsigned int command, const char *key, const char *value, int aux)',
);
const fsmountFunction = libc.func(
  'long syscall(long number, int fd, unsigned int flags, unsigned int attributes)',
);
const moveMountFunction = libc.func(
  'long syscall(long number, int fromFd, const char *fromPath, int toFd, const char *toPath, unsigned int flags)',
);

/** @returns whether this kernel can; false means that nothing was mounted. */
export function mountByDescriptor(overlay: OverlayMount, target: string): boolean {
  using plain = plainPaths(overlay, maxStringBytes);
  const { lowerDirectories, upperDirectory, workDirectory } = plain.value;
  const settings: [string, string][] = [
    ['source', 'overlay'],
    ...lowerDirectories.map((lower): [string, string] => ['lowerdir+', lower]),
    ...(upperDirectory === undefined ? [] : [['upperdir', upperDirectory] satisfies [string, string]]),
    ...(workDirectory === undefined ? [] : [['workdir', workDirectory] satisfies [string, string]]),
    ...neededOptions(),
  ];
  const contextFd = Number(fsopenFunction(SYS_fsopen, 'overlay', FSOPEN_CLOEXEC));
  if (contextFd === -1) {
    const error = new SystemError('fsopen', lastErrno(), 'overlay');
    // EPERM is also what a seccomp filter that does not know the call answers.
    if (hasCode(error, 'ENOSYS', 'EPERM')) return false;
    throw error;
  }
  let mountFd = -1;
  try {
    for (const [key, value] of settings) {
      check(
        'fsconfig',
        Number(fsconfigFunction(SYS_fsconfig, contextFd, FSCONFIG_SET_STRING, key, value, 0)),
        `${key}=${value}`,
      );
    }
    check(
      'fsconfig',
      Number(fsconfigFunction(SYS_fsconfig, contextFd, FSCONFIG_CMD_CREATE, null, null, 0)),
      target,
    );
    mountFd = check('fsmount', Number(fsmountFunction(SYS_fsmount, contextFd, FSMOUNT_CLOEXEC, 0)), target);
    check(
      'move_mount',
      Number(moveMountFunction(SYS_move_mount, mountFd, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)),
      target,
    );
    return true;
  } catch (error) {
    // Before Linux 6.5 there is no `lowerdir+`, and overlayfs collects options unread: they are refused as they are given when they fill a
    // page, and else only at the end. What mount(2) refuses too is told by it.
    if (mountFd === -1 && hasCode(error, 'EINVAL', 'EOPNOTSUPP')) return false;
    throw error;
  } finally {
    if (mountFd !== -1) closeFd(mountFd);
    closeFd(contextFd);
  }
}
