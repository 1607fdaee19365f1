import fs from 'node:fs';
import { type BytePath, closeFd, listDirectory, openDirectoryAt, statusAt } from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';
import { openRoot } from '#sys/open-in-root.ts';
import { isOpaqueAt } from '#sys/overlay.ts';

/** What a writable layer did to one path. */
export interface TreeChange {
  /** Absolute, below the tree's root. Names that are not UTF-8 show replacement characters. */
  path: string;
  kind: 'modified' | 'added' | 'deleted';
}

/** More would not fit the memory of who asked. */
const maxChanges = 5_000_000;

/**
 * What an overlay's upper directory changed against the layers below, sorted by path: every directory on the way to a change
 * counts as modified, as overlayfs had to copy it up. Only names in open directories are looked at, as a running container moves
 * them under our feet.
 * @param lowers top-most first
 * @param mountPoints absolute paths that count only when something is in them: who mounts there makes empty files and directories,
 *   and copies the directories on the way up
 * @throws SystemError
 */
export function compareTrees(
  upper: string,
  lowers: readonly string[],
  mountPoints: ReadonlySet<string>,
): TreeChange[] {
  const changes: TreeChange[] = [];
  const upperFd = openRootDirectory(upper);
  const lowerFds: number[] = [];
  try {
    for (const lower of lowers) lowerFds.push(openRootDirectory(lower));
    compareDirectory({ upperFd, lowerFds, path: '', opaque: false, mountPoints }, changes);
  } finally {
    for (const fd of [upperFd, ...lowerFds]) closeFd(fd);
  }
  return changes;
}

interface Level {
  upperFd: number;
  /** The same directory in the layers below that show through, top-most first. */
  lowerFds: readonly number[];
  path: BytePath;
  /** Nothing shows through; what the layers below have and the upper has not is deleted. */
  opaque: boolean;
  mountPoints: ReadonlySet<string>;
}

/** @returns whether all that is in the upper directory are mount points, and there is at least one */
function compareDirectory(level: Level, changes: TreeChange[]): boolean {
  const { upperFd, lowerFds, path, opaque, mountPoints } = level;
  const names = new Set(listDirectory(upperFd));
  const all = [...new Set([...names, ...(opaque ? namesOf(lowerFds) : [])])].sort();
  let ignored = 0;
  for (const name of all) {
    const childPath = `${path}/${name}`;
    const status = names.has(name) ? statusOrGone(upperFd, name) : undefined;
    const below = statusBelow(lowerFds, name);
    if (status === undefined || status.isWhiteout) {
      if (below !== undefined) add(changes, childPath, 'deleted');
      continue;
    }
    const isMountPoint = mountPoints.has(childPath);
    if (isMountPoint && status.isFile && status.sizeBytes === 0) {
      ignored++;
      continue;
    }
    const before = changes.length;
    add(changes, childPath, below === undefined ? 'added' : 'modified');
    if (!status.isDirectory) continue;
    const onlyMountPoints = descend(level, name, changes);
    if (onlyMountPoints || (isMountPoint && changes.length === before + 1)) {
      changes.length = before;
      ignored++;
    }
  }
  return ignored > 0 && ignored === all.length;
}

function descend(
  { upperFd, lowerFds, path, mountPoints }: Level,
  name: BytePath,
  changes: TreeChange[],
): boolean {
  const childFd = directoryOrGone(upperFd, name);
  if (childFd === undefined) return false;
  const childLowers: number[] = [];
  try {
    for (const lowerFd of lowerFds) {
      const status = statusOrGone(lowerFd, name);
      if (status === undefined) continue;
      // Anything else than a directory hides what is further below.
      if (!status.isDirectory) break;
      childLowers.push(openDirectoryAt(lowerFd, name));
      if (isOpaqueAt(lowerFd, name)) break;
    }
    return compareDirectory(
      {
        upperFd: childFd,
        lowerFds: childLowers,
        path: `${path}/${name}`,
        opaque: isOpaqueAt(upperFd, name),
        mountPoints,
      },
      changes,
    );
  } finally {
    for (const fd of [childFd, ...childLowers]) closeFd(fd);
  }
}

/** What the merged layers below show at a name. */
function statusBelow(lowerFds: readonly number[], name: BytePath): { isDirectory: boolean } | undefined {
  for (const fd of lowerFds) {
    const status = statusOrGone(fd, name);
    if (status !== undefined) return status.isWhiteout ? undefined : status;
  }
  return undefined;
}

function namesOf(lowerFds: readonly number[]): BytePath[] {
  return lowerFds.flatMap((fd) => listDirectory(fd));
}

function add(changes: TreeChange[], path: BytePath, kind: TreeChange['kind']): void {
  if (changes.length >= maxChanges) throw new RangeError(`more than ${maxChanges} changes`);
  changes.push({ path: Buffer.from(path, 'latin1').toString(), kind });
}

function openRootDirectory(directory: string): number {
  const pathFd = openRoot(directory);
  try {
    return openDirectoryAt(pathFd, '.');
  } finally {
    fs.closeSync(pathFd);
  }
}

function statusOrGone(fd: number, name: BytePath) {
  try {
    return statusAt(fd, name);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function directoryOrGone(fd: number, name: BytePath): number | undefined {
  try {
    return openDirectoryAt(fd, name);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}
