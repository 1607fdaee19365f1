import fs from 'node:fs';
import { check, libc } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

/**
 * Limits on what a directory may hold, by project quotas: every inode made below the directory bears its project number, and the file
 * system (ext4 with the feature "project", xfs, both mounted with `prjquota`) counts the blocks of each number (quotactl(2), ioctl_xfs_fsgetxattr(2)).
 */
const FS_IOC_FSGETXATTR = 0x801c581f;
const FS_IOC_FSSETXATTR = 0x401c5820;
const FS_XFLAG_PROJINHERIT = 0x200;
/** The same number on all architectures that Node runs on; Linux 5.14. */
const SYS_quotactl_fd = 443;
const Q_SETQUOTA = 0x800008;
const PRJQUOTA = 2;
const QIF_BLIMITS = 1;
const blockBytes = 1024;

/** Numbers that administrators give are small: these begin far above. */
const projectBase = 0x4000_0000;

const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
const quotactl = libc.func('long syscall(long number, uint fd, uint command, uint id, void *address)');

/**
 * Limits what may be written below a directory that is empty still.
 * @throws SystemError (ESRCH, ENOSYS, ENOTTY, EOPNOTSUPP) when the file system keeps no such limits
 */
export function limitProject(directory: string, bytes: number): void {
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | O_CLOEXEC);
  try {
    const project = projectOf(fd);
    setLimit(fd, project, bytes);
    // struct fsxattr: flags, extent size, extents, project, copy-on-write extent size, padding.
    const attributes = Buffer.alloc(28);
    check('ioctl', ioctl(fd, FS_IOC_FSGETXATTR, attributes), directory);
    attributes.writeUInt32LE(attributes.readUInt32LE(0) | FS_XFLAG_PROJINHERIT, 0);
    attributes.writeUInt32LE(project, 12);
    check('ioctl', ioctl(fd, FS_IOC_FSSETXATTR, attributes), directory);
  } finally {
    fs.closeSync(fd);
  }
}

/** Forgets the limit of a directory that is about to be removed. @throws SystemError as `limitProject` does */
export function unlimitProject(directory: string): void {
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | O_CLOEXEC);
  try {
    setLimit(fd, projectOf(fd), 0);
  } finally {
    fs.closeSync(fd);
  }
}

/** No two directories of a file system have one inode number at a time, so nobody need remember who has which project. */
function projectOf(fd: number): number {
  return projectBase + Number(fs.fstatSync(fd, { bigint: true }).ino % BigInt(projectBase));
}

/** @param bytes 0: no limit */
function setLimit(fd: number, project: number, bytes: number): void {
  // struct if_dqblk: hard and soft limit of blocks, space, limits and number of inodes, two times, what is valid.
  const limits = Buffer.alloc(72);
  limits.writeBigUInt64LE(BigInt(Math.ceil(bytes / blockBytes)), 0);
  limits.writeBigUInt64LE(BigInt(Math.ceil(bytes / blockBytes)), 8);
  limits.writeUInt32LE(QIF_BLIMITS, 64);
  const command = ((Q_SETQUOTA << 8) | PRJQUOTA) >>> 0;
  check('quotactl_fd', Number(quotactl(SYS_quotactl_fd, fd, command, project, limits)));
}
