import fs from 'node:fs';
import type { Destination } from '#build/copy/place.ts';
import { toBytePath } from '#build/copy/source-tree.ts';
import { hasCode } from '#sys/libc.ts';
import { O_PATH, openInRoot, openRoot } from '#sys/open-in-root.ts';

/** What lies at a path of a mounted root, symlinks followed inside of it. */
export interface RootNode {
  /** Below the root, without symlinks; '' is the root itself. A byte path. */
  path: string;
  stat: fs.Stats;
}

export function findInRoot(root: string, path: string): RootNode | undefined {
  const rootFd = openRoot(root);
  try {
    const fd = openInRoot(rootFd, path, O_PATH);
    try {
      const real = fs.readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
      const base = fs.readlinkSync(`/proc/self/fd/${rootFd}`, 'latin1');
      return { path: real === base ? '' : real.slice(base.length + 1), stat: fs.fstatSync(fd) };
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG')) return undefined;
    throw error;
  } finally {
    fs.closeSync(rootFd);
  }
}

/** Where a copy to an absolute path ends up, and which directories on the way are missing. */
export function findDestination(root: string, path: string): Destination {
  const parts = path.split('/').filter(Boolean);
  for (let count = parts.length; ; count--) {
    const node = findInRoot(root, `/${parts.slice(0, count).join('/')}`);
    if (node === undefined) continue;
    const missing = parts.slice(count).map(toBytePath);
    if (missing.length === 0) {
      return { path: node.path, kind: node.stat.isDirectory() ? 'directory' : 'other', missingParents: [] };
    }
    const all = missing.map((_, index) =>
      [node.path, ...missing.slice(0, index + 1)].filter(Boolean).join('/'),
    );
    return { path: all.at(-1) ?? '', kind: 'absent', missingParents: all.slice(0, -1) };
  }
}
