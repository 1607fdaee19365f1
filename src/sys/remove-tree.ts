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
 * directories beyond any path limit). No error if absent. Synchronous: for big trees call it in a worker.
 * @throws SystemError, EBUSY when something is mounted there
 */
export function removeTreeAt(directoryFd: number, name: BytePath): void {
  if (removeSimply(directoryFd, name)) return;
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
          if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error;
        }
      }
    };
    for (;;) {
      const before = moved;
      emptyDirectory(top, 0, moveUp);
      if (moved === before) break;
    }
  } finally {
    closeFd(top);
  }
  removeDirectoryAt(directoryFd, name);
}

/** The same for a path that the daemon made; symlinks in its parents are followed. */
export function removeTree(path: string): void {
  const bytes = Buffer.from(path).toString('latin1');
  removeTreeAt(AT_FDCWD, bytes.replace(/\/+$/, ''));
}

function emptyDirectory(fd: number, depth: number, moveUp: (fd: number, child: BytePath) => void): void {
  for (const child of listDirectory(fd)) {
    if (removeSimply(fd, child)) continue;
    if (depth === maxDepth) {
      moveUp(fd, child);
      continue;
    }
    const childFd = openDirectoryAt(fd, child);
    try {
      emptyDirectory(childFd, depth + 1, moveUp);
    } finally {
      closeFd(childFd);
    }
    removeDirectoryAt(fd, child);
  }
}

/** Removes anything but a directory. @returns whether it is gone */
function removeSimply(fd: number, name: BytePath): boolean {
  try {
    unlinkAt(fd, name);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    // Linux says EISDIR, POSIX EPERM; EPERM is also an immutable file, which openDirectoryAt will refuse.
    if (hasCode(error, 'EISDIR', 'EPERM')) return false;
    throw error;
  }
}
