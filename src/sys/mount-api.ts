import { check, libc } from '#sys/libc.ts';

/**
 * The mount API of Linux 5.2: a file system is opened, configured and turned into a mount that is only a descriptor until it is moved to
 * a place. The numbers are the same on all architectures that Node runs on.
 */
const SYS_fsopen = 430;
const SYS_fsconfig = 431;
const SYS_fsmount = 432;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_CMD_CREATE = 6;

const fsopen = libc.func('long syscall(long number, const char *type, unsigned int flags)');
const fsconfig = libc.func(
  'long syscall(long number, int fd, unsigned int command, const char *key, const char *value, int aux)',
);
const fsmount = libc.func('long syscall(long number, int fd, unsigned int flags, unsigned int attributes)');

/** @returns a descriptor of the file system's configuration. @throws SystemError (ENOSYS, EPERM, ENODEV) */
export function openFilesystem(type: string): number {
  return check('fsopen', Number(fsopen(SYS_fsopen, type, FSOPEN_CLOEXEC)), type);
}

/** Sets an option that has no value. @throws SystemError */
export function setFlag(fd: number, key: string): void {
  check('fsconfig', Number(fsconfig(SYS_fsconfig, fd, FSCONFIG_SET_FLAG, key, null, 0)), key);
}

/** @returns a descriptor of a mount that nobody sees and that lasts as long as the descriptor. @throws SystemError */
export function createMount(fd: number): number {
  check('fsconfig', Number(fsconfig(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, null, null, 0)), 'create');
  return check('fsmount', Number(fsmount(SYS_fsmount, fd, FSMOUNT_CLOEXEC, 0)));
}
