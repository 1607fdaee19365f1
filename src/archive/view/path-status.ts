import fs from 'node:fs';
import path from 'node:path';
import { quoteName } from '#archive/tar/malformed.ts';
import { DhowError } from '#errors/error.ts';
import { closeFd, readLinkOf, statusAt } from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';
import { O_PATH, openInRoot, openRoot } from '#sys/open-in-root.ts';

const { O_NOFOLLOW } = fs.constants;

/** What is at a path in a tree. The last name is not followed. */
export interface PathStatus {
  /** The whole st_mode, type bits included. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  modifiedAt: { seconds: number; nanoseconds: number };
  /** Of a symlink: where it leads to inside the tree, absolute, after all other links on the way. Else empty. */
  linkTarget: string;
  /** The path itself without links on the way, below the tree's root, without a leading slash. */
  resolved: string;
}

/** @throws NotFound */
export function statPath(root: string, wanted: string): PathStatus {
  const rootFd = openRoot(root);
  try {
    const fd = openWanted(rootFd, wanted);
    try {
      const { mode, uid, gid, sizeBytes, modifiedAt, isSymlink } = statusAt(fd, '');
      const resolved = pathInside(rootFd, fd);
      const linkTarget = isSymlink ? targetOf(rootFd, fd, wanted, resolved) : '';
      return { mode, uid, gid, sizeBytes, modifiedAt, linkTarget, resolved };
    } finally {
      closeFd(fd);
    }
  } finally {
    fs.closeSync(rootFd);
  }
}

function openWanted(rootFd: number, wanted: string): number {
  try {
    return openInRoot(rootFd, wanted, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG')) throw error;
    throw new DhowError('NotFound', `there is no ${quoteName(wanted)}`, { cause: error });
  }
}

/** Where a descriptor is, below the root. */
function pathInside(rootFd: number, fd: number): string {
  const [root, found] = [rootFd, fd].map((each) => fs.readlinkSync(`/proc/thread-self/fd/${each}`));
  return path.relative(root ?? '/', found ?? '/');
}

/** A link that leads nowhere is read by its words. */
function targetOf(rootFd: number, linkFd: number, wanted: string, resolved: string): string {
  try {
    const fd = openInRoot(rootFd, wanted, O_PATH);
    try {
      return `/${pathInside(rootFd, fd)}`;
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
    return path.resolve('/', path.dirname(resolved), Buffer.from(readLinkOf(linkFd), 'latin1').toString());
  }
}
