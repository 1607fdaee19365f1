import { closeFd } from '#sys/file-tree.ts';
import { check, libc } from '#sys/libc.ts';

/** The same numbers on all architectures that Node runs on. */
const SYS_open_tree = 428;
const SYS_move_mount = 429;
const SYS_mount_setattr = 442;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_IDMAP = 0x00100000n;
const MOUNT_ATTR_NOSYMFOLLOW = 0x00200000n;

const openTree = libc.func('long syscall(long number, int fd, const char *path, unsigned int flags)');
const setAttributes = libc.func(
  'long syscall(long number, int fd, const char *path, unsigned int flags, void *attributes, size_t size)',
);
const moveMount = libc.func(
  'long syscall(long number, int fromFd, const char *fromPath, int toFd, const char *toPath, unsigned int flags)',
);

/**
 * Shows a directory, without what is mounted below it, at `target`, where its files belong to the ids that those on disk are in a user
 * namespace (mount_setattr(2), "ID-mapped mounts"). Paths are the daemon's own.
 * @throws SystemError; ENOSYS before Linux 5.12, EINVAL for a file system that cannot do it
 */
export function mountIdmapped(source: string, target: string, userNamespaceFd: number): void {
  const fd = openDetached(source, MOUNT_ATTR_IDMAP, userNamespaceFd);
  try {
    check(
      'move_mount',
      Number(moveMount(SYS_move_mount, fd, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)),
      target,
    );
  } finally {
    closeFd(fd);
  }
}

/**
 * Opens a directory, without what is mounted below it, so that no symlink in it is followed by whom the descriptor is given to
 * (MOUNT_ATTR_NOSYMFOLLOW): a program that walks it by names stays in it, though others change it meanwhile.
 * @returns a descriptor that the caller closes
 * @throws SystemError; ENOSYS before Linux 5.12
 */
export function openWithoutSymlinks(directory: string): number {
  return openDetached(directory, MOUNT_ATTR_NOSYMFOLLOW);
}

/** A copy of the mount in which the directory lies, with the directory as its root, that is seen by its descriptor alone. */
function openDetached(directory: string, attribute: bigint, userNamespaceFd = 0): number {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  const fd = check('open_tree', Number(openTree(SYS_open_tree, AT_FDCWD, directory, flags)), directory);
  try {
    // struct mount_attr: set, clear, propagation, userns_fd.
    const attributes = Buffer.alloc(32);
    attributes.writeBigUInt64LE(attribute, 0);
    attributes.writeBigUInt64LE(BigInt(userNamespaceFd), 24);
    check(
      'mount_setattr',
      Number(setAttributes(SYS_mount_setattr, fd, '', AT_EMPTY_PATH, attributes, attributes.length)),
      directory,
    );
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}
