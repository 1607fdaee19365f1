import {
  type BytePath,
  closeFd,
  listDirectory,
  openDirectoryAt,
  removeDirectoryAt,
  renameAt,
  unlinkAt,
} from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';

/** Names without a descriptor are relative to the working directory, or absolute. */
const AT_FDCWD = -100;

/** Deeper directories are moved up before they are emptied: descriptors and stack stay bounded. */
const maxDepth = 32;

/**
 * Removes a name and everything below it, without following symlinks, however deep the tree is (a container can nest
 * directories beyond any path limit). No error if absent, nor if `helpRemoveTree` is at work on the same tree.
 * Synchronous: for big trees call it in a worker.
 * @throws SystemError, EBUSY when something is mounted there
 */
export function removeTreeAt(directoryFd: number, name: BytePath): void {
  if (unlink(directoryFd, name) !== 'directory') return;
  const top = openDirectoryAt(directoryFd, name);
  try {
    // Directories that were too deep lie in the top directory under a name of their own, to be emptied in turn.
    let moved = 0;
    const moveUp = (fd: number, child: BytePath): void => {
      for (;;) {
        try {
          renameAt(fd, child, top, `.remove-${moved++}`);
          return;
        } catch (error) {
          if (hasCode(error, 'ENOENT')) return;
          if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error;
        }
      }
    };
    for (;;) {
      const before = moved;
      emptyDirectory(top, 0, { share: 0, moveUp });
      if (moved === before) break;
    }
  } finally {
    closeFd(top);
  }
  removeDirectoryAt(directoryFd, name);
}

/** The same for a path that the daemon made; symlinks in its parents are followed. */
export function removeTree(path: string): void {
  removeTreeAt(AT_FDCWD, bytePath(path));
}

/**
 * Removes what it can of a tree that another thread removes meanwhile. Each of them begins elsewhere, and where they meet, what is
 * left is shared out anew. What is too deep is left to the other.
 * @param share where to begin, from 0, where the other does, to 1
 * @throws SystemError for what the other will meet as well
 */
export function helpRemoveTree(path: string, share: number): void {
  let top: number;
  try {
    top = openDirectoryAt(AT_FDCWD, bytePath(path));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return;
    throw error;
  }
  try {
    emptyDirectory(top, 0, { share, moveUp: () => {} });
  } finally {
    closeFd(top);
  }
}

function bytePath(path: string): BytePath {
  return Buffer.from(path).toString('latin1').replace(/\/+$/, '');
}

interface Removal {
  share: number;
  moveUp: (fd: number, child: BytePath) => void;
}

function emptyDirectory(fd: number, depth: number, removal: Removal): void {
  let isShared: boolean;
  do {
    isShared = false;
    const children = listDirectory(fd);
    const start = Math.floor(children.length * removal.share);
    for (let index = 0; index < children.length && !isShared; index++) {
      const child = children[(start + index) % children.length] as BytePath;
      isShared = !removeChild(fd, child, depth, removal);
    }
  } while (isShared);
}

/** @returns whether it was there */
function removeChild(fd: number, child: BytePath, depth: number, removal: Removal): boolean {
  const found = unlink(fd, child);
  if (found !== 'directory') return found === 'removed';
  if (depth === maxDepth) {
    removal.moveUp(fd, child);
    return true;
  }
  try {
    const childFd = openDirectoryAt(fd, child);
    try {
      emptyDirectory(childFd, depth + 1, removal);
    } finally {
      closeFd(childFd);
    }
    removeDirectoryAt(fd, child);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    // A helper leaves what is too deep.
    if (removal.share > 0 && hasCode(error, 'ENOTEMPTY')) return true;
    throw error;
  }
}

/** Removes anything but a directory. */
function unlink(fd: number, name: BytePath): 'removed' | 'absent' | 'directory' {
  try {
    unlinkAt(fd, name);
    return 'removed';
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'absent';
    // Linux says EISDIR, POSIX EPERM; EPERM is also an immutable file, which openDirectoryAt will refuse.
    if (hasCode(error, 'EISDIR', 'EPERM')) return 'directory';
    throw error;
  }
}
