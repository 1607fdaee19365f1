import fs from 'node:fs';
import { check, hasCode, libc } from '#sys/libc.ts';

/**
 * Opening paths that strangers chose (image layers, container file systems) without leaving a root directory:
 * openat2(2) with RESOLVE_IN_ROOT (Linux 5.6) treats the root as `/` for `..`, absolute paths and symlinks, also when
 * somebody swaps a component while we look.
 */
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const SYS_openat2 = 437;

const syscall = libc.func(
  'long syscall(long number, int fd, const char *path, const void *how, size_t size)',
);

/** Flags that Node's fs.constants lacks. */
export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;

/**
 * @param rootFd a descriptor of the root directory (O_PATH is enough)
 * @param path absolute or relative; both begin at the root
 * @returns a descriptor that the caller closes
 * @throws SystemError (ENOENT, ELOOP, ENOTDIR, …)
 */
export function openInRoot(rootFd: number, path: string, flags: number, mode = 0): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt((flags | O_CLOEXEC) >>> 0), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), 16);
  return retryRaces(() =>
    check('openat2', Number(syscall(SYS_openat2, rootFd, path, how, how.length)), path),
  );
}

/** One such race in two hundred calls is what the busiest renamer brings about. */
const maxRaces = 32;

/**
 * Calls openat2(2) anew while it fails with EAGAIN: it gives up on a `..` when anything on the machine is renamed or mounted
 * meanwhile, and its manual page asks callers to try again.
 */
export function retryRaces(open: () => number): number {
  for (let attempt = 0; ; attempt++) {
    try {
      return open();
    } catch (error) {
      if (attempt >= maxRaces || !hasCode(error, 'EAGAIN')) throw error;
    }
  }
}

/** Opens the root directory itself, for use with `openInRoot`. The caller closes it. */
export function openRoot(path: string): number {
  return fs.openSync(path, O_PATH | fs.constants.O_DIRECTORY | O_CLOEXEC);
}
