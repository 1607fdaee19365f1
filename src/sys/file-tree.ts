import fs from 'node:fs';
import { check, libc } from '#sys/libc.ts';
import { O_CLOEXEC, retryRaces } from '#sys/open-in-root.ts';

/**
 * The `*at` calls: each works on one name in an open directory and follows no symlink in that name, so that building
 * or removing a tree that strangers described never leaves it. All are synchronous; big trees belong in a worker.
 *
 * Names are *byte paths*: one character (U+0000 to U+00FF) for each byte, because Linux names are bytes and need not
 * be UTF-8. ASCII text is its own byte path. All functions throw SystemError.
 */
export type BytePath = string;

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const SYS_openat2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;

const openatFunction = libc.func('int openat(int fd, const void *path, int flags, unsigned int mode)');
const openat2Function = libc.func(
  'long syscall(long number, int fd, const void *path, const void *how, size_t size)',
);
const closeFunction = libc.func('int close(int fd)');
const pwriteFunction = libc.func('long pwrite(int fd, const void *bytes, size_t count, int64_t offset)');
const ftruncateFunction = libc.func('int ftruncate(int fd, int64_t length)');
const mkdiratFunction = libc.func('int mkdirat(int fd, const void *path, unsigned int mode)');
const mknodatFunction = libc.func(
  'int mknodat(int fd, const void *path, unsigned int mode, uint64_t device)',
);
const symlinkatFunction = libc.func('int symlinkat(const void *target, int fd, const void *path)');
const linkatFunction = libc.func(
  'int linkat(int oldFd, const void *oldPath, int newFd, const void *newPath, int flags)',
);
const unlinkatFunction = libc.func('int unlinkat(int fd, const void *path, int flags)');
const renameatFunction = libc.func(
  'int renameat(int oldFd, const void *oldPath, int newFd, const void *newPath)',
);
const fchownatFunction = libc.func(
  'int fchownat(int fd, const void *path, uint32_t uid, uint32_t gid, int flags)',
);
const fchownFunction = libc.func('int fchown(int fd, uint32_t uid, uint32_t gid)');
const fchmodFunction = libc.func('int fchmod(int fd, unsigned int mode)');
const chmodFunction = libc.func('int chmod(const void *path, unsigned int mode)');
const futimensFunction = libc.func('int futimens(int fd, const void *times)');
const utimensatFunction = libc.func('int utimensat(int fd, const void *path, const void *times, int flags)');
const readlinkatFunction = libc.func('long readlinkat(int fd, const void *path, void *target, size_t size)');
const statxFunction = libc.func(
  'int statx(int fd, const void *path, int flags, unsigned int mask, void *result)',
);

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } =
  fs.constants;

/** What C wants of a byte path. */
export function cString(path: BytePath): Buffer {
  return Buffer.from(`${path}\0`, 'latin1');
}

export function openAt(directoryFd: number, name: BytePath, flags: number, mode = 0): number {
  return check(
    'openat',
    openatFunction(directoryFd, cString(name), flags | O_NOFOLLOW | O_CLOEXEC, mode),
    name,
  );
}

export function openDirectoryAt(directoryFd: number, name: BytePath): number {
  return openAt(directoryFd, name, O_RDONLY | O_DIRECTORY);
}

/** As `openInRoot` for a directory, with a byte path: symlinks are followed, but the root is never left. */
export function openDirectoryInRoot(rootFd: number, path: BytePath): number {
  return openReadableInRoot(rootFd, path, O_DIRECTORY);
}

/** The same for anything that can be read; a fifo does not wait for a writer. */
export function openFileInRoot(rootFd: number, path: BytePath): number {
  return openReadableInRoot(rootFd, path, O_NONBLOCK);
}

function openReadableInRoot(rootFd: number, path: BytePath, flags: number): number {
  const how = Buffer.alloc(24);
  how.writeUInt32LE((O_RDONLY | flags | O_CLOEXEC) >>> 0, 0);
  how.writeUInt32LE(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, 16);
  return retryRaces(() =>
    check('openat2', Number(openat2Function(SYS_openat2, rootFd, cString(path), how, how.length)), path),
  );
}

export function closeFd(fd: number): void {
  check('close', closeFunction(fd));
}

export function writeAt(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    const rest = done === 0 ? bytes : bytes.subarray(done);
    done += check('pwrite', Number(pwriteFunction(fd, rest, rest.length, offset + done)));
  }
}

export function truncate(fd: number, length: number): void {
  check('ftruncate', ftruncateFunction(fd, length));
}

export function makeDirectoryAt(directoryFd: number, name: BytePath, mode: number): void {
  check('mkdirat', mkdiratFunction(directoryFd, cString(name), mode), name);
}

/** @param mode type bits (S_IFCHR, S_IFBLK, S_IFIFO) and permissions; the umask takes its share */
export function makeNodeAt(
  directoryFd: number,
  name: BytePath,
  mode: number,
  device: { major: number; minor: number },
): void {
  check('mknodat', mknodatFunction(directoryFd, cString(name), mode, encodeDevice(device)), name);
}

/** glibc's makedev: both numbers have 32 bits. */
function encodeDevice({ major, minor }: { major: number; minor: number }): bigint {
  const high = BigInt(major);
  const low = BigInt(minor);
  return (
    ((high & 0xffff_f000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffff_ff00n) << 12n) | (low & 0xffn)
  );
}

export function symlinkAt(target: BytePath, directoryFd: number, name: BytePath): void {
  check('symlinkat', symlinkatFunction(cString(target), directoryFd, cString(name)), name);
}

export function linkAt(oldFd: number, oldName: BytePath, newFd: number, newName: BytePath): void {
  check('linkat', linkatFunction(oldFd, cString(oldName), newFd, cString(newName), 0), newName);
}

export function unlinkAt(directoryFd: number, name: BytePath): void {
  check('unlinkat', unlinkatFunction(directoryFd, cString(name), 0), name);
}

export function removeDirectoryAt(directoryFd: number, name: BytePath): void {
  check('unlinkat', unlinkatFunction(directoryFd, cString(name), AT_REMOVEDIR), name);
}

export function renameAt(oldFd: number, oldName: BytePath, newFd: number, newName: BytePath): void {
  check('renameat', renameatFunction(oldFd, cString(oldName), newFd, cString(newName)), oldName);
}

/** An empty name means the descriptor itself. The kernel clears setuid bits and capabilities: set those afterwards. */
export function changeOwnerAt(fd: number, name: BytePath, uid: number, gid: number): void {
  // fchownat takes an empty name as well, at twice the cost.
  if (name === '') check('fchown', fchownFunction(fd, uid, gid));
  else check('fchownat', fchownatFunction(fd, cString(name), uid, gid, AT_SYMLINK_NOFOLLOW), name);
}

export function changeMode(fd: number, mode: number): void {
  check('fchmod', fchmodFunction(fd, mode));
}

/** For what cannot be opened, such as devices. `name` must not be a symlink. */
export function changeModeAt(directoryFd: number, name: BytePath, mode: number): void {
  const fd = openAt(directoryFd, name, O_PATH_ONLY);
  try {
    check('chmod', chmodFunction(cString(`/proc/self/fd/${fd}`), mode), name);
  } finally {
    closeFd(fd);
  }
}

const O_PATH_ONLY = 0o10000000;

/** Sets access and modification time. An empty name means the descriptor itself. */
export function setTimesAt(fd: number, name: BytePath, time: { seconds: number; nanoseconds: number }): void {
  const times = Buffer.allocUnsafe(32);
  for (const at of [0, 16]) {
    times.writeUInt32LE(time.seconds >>> 0, at);
    times.writeInt32LE(Math.floor(time.seconds / 2 ** 32), at + 4);
    times.writeUInt32LE(time.nanoseconds, at + 8);
    times.writeUInt32LE(0, at + 12);
  }
  if (name === '') check('futimens', futimensFunction(fd, times));
  else check('utimensat', utimensatFunction(fd, cString(name), times, AT_SYMLINK_NOFOLLOW), name);
}

export interface NodeStatus {
  mode: number;
  uid: number;
  gid: number;
  modifiedAt: { seconds: number; nanoseconds: number };
  inode: bigint;
  /** Of the file system that the inode is in, as one number. */
  fileSystem: bigint;
  sizeBytes: number;
  linkCount: number;
  deviceMajor: number;
  deviceMinor: number;
  isDirectory: boolean;
  isFile: boolean;
  isSymlink: boolean;
  /** Character device 0/0, overlayfs's mark for "not here". */
  isWhiteout: boolean;
}

/** statx(2), whose layout is the same on every architecture. An empty name means the descriptor itself. */
export function statusAt(fd: number, name: BytePath): NodeStatus {
  const result = Buffer.allocUnsafe(256);
  const flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  check('statx', statxFunction(fd, cString(name), flags, STATX_BASIC_STATS, result), name);
  const mode = result.readUInt16LE(28);
  const deviceMajor = result.readUInt32LE(128);
  const deviceMinor = result.readUInt32LE(132);
  return {
    mode,
    uid: result.readUInt32LE(20),
    gid: result.readUInt32LE(24),
    modifiedAt: { seconds: Number(result.readBigInt64LE(112)), nanoseconds: result.readUInt32LE(120) },
    inode: result.readBigUInt64LE(32),
    fileSystem: result.readBigUInt64LE(136),
    sizeBytes: Number(result.readBigUInt64LE(40)),
    linkCount: result.readUInt32LE(16),
    deviceMajor,
    deviceMinor,
    isDirectory: (mode & S_IFMT) === S_IFDIR,
    isFile: (mode & S_IFMT) === S_IFREG,
    isSymlink: (mode & S_IFMT) === S_IFLNK,
    isWhiteout: (mode & S_IFMT) === S_IFCHR && deviceMajor === 0 && deviceMinor === 0,
  };
}

/** The words of a symlink that was opened with O_PATH and O_NOFOLLOW. */
export function readLinkOf(fd: number): BytePath {
  const target = Buffer.allocUnsafe(4096);
  const length = Number(readlinkatFunction(fd, cString(''), target, target.length));
  return target.toString('latin1', 0, check('readlinkat', length));
}

/** Names in an open directory, without `.` and `..`. */
export function listDirectory(fd: number): BytePath[] {
  return fs.readdirSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' });
}
