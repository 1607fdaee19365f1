import fs from 'node:fs';
import path from 'node:path';
import { check, libc } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

/** statfs(2) */
const BTRFS_SUPER_MAGIC = 0x9123683e;
/** <linux/btrfs.h> */
const BTRFS_IOC_SUBVOL_CREATE = 0x5000940e;
const BTRFS_IOC_INO_LOOKUP = 0xd0009412;
const BTRFS_IOC_QGROUP_LIMIT = 0x8030942b;
const BTRFS_FIRST_FREE_OBJECTID = 256n;
const BTRFS_QGROUP_LIMIT_MAX_RFER = 1n;
const argumentBytes = 4096;

const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');

export function isBtrfs(directory: string): boolean {
  return fs.statfsSync(directory).type === BTRFS_SUPER_MAGIC;
}

/** A directory that is counted by itself. @throws SystemError */
export function makeSubvolume(directory: string): void {
  withDirectory(path.dirname(directory), (fd) => {
    // struct btrfs_ioctl_vol_args: a descriptor that is not used, and the name.
    const argument = Buffer.alloc(argumentBytes);
    argument.write(path.basename(directory), 8);
    check('ioctl', ioctl(fd, BTRFS_IOC_SUBVOL_CREATE, argument), directory);
  });
}

/** @throws SystemError, ENOTCONN when quotas are not switched on */
export function limitSubvolume(directory: string, bytes: number): void {
  withDirectory(directory, (fd) => {
    // struct btrfs_ioctl_ino_lookup_args: the tree, which is asked for, and the inode of its root.
    const lookup = Buffer.alloc(argumentBytes);
    lookup.writeBigUInt64LE(BTRFS_FIRST_FREE_OBJECTID, 8);
    check('ioctl', ioctl(fd, BTRFS_IOC_INO_LOOKUP, lookup), directory);
    // struct btrfs_ioctl_qgroup_limit_args: the group, whose number is the tree's, what is limited, most bytes, and what is not set.
    const limit = Buffer.alloc(48);
    limit.writeBigUInt64LE(lookup.readBigUInt64LE(0), 0);
    limit.writeBigUInt64LE(BTRFS_QGROUP_LIMIT_MAX_RFER, 8);
    limit.writeBigUInt64LE(BigInt(bytes), 16);
    check('ioctl', ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, limit), directory);
  });
}

function withDirectory(directory: string, body: (fd: number) => void): void {
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | O_CLOEXEC);
  try {
    body(fd);
  } finally {
    fs.closeSync(fd);
  }
}
