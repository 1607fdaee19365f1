import fs from 'node:fs';
import { readTar } from '#archive/read-tar.ts';
import type { ArchiveWorkers } from '#archive/workers.ts';
import {
  fromBytePath,
  type SourceEntry,
  type SourceNode,
  type SourceTree,
  toBytePath,
} from '#build/copy/source-tree.ts';
import { closeFd, listDirectory, openDirectoryInRoot } from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';
import { O_PATH, openInRoot, openRoot } from '#sys/open-in-root.ts';

/** A tree in the file system, such as a stage's mounted root. Nothing outside of `directory` is looked at. */
export function createDiskTree(directory: string, workers: Pick<ArchiveWorkers, 'pack'>): SourceTree {
  const root = toBytePath(fs.realpathSync(directory));
  return {
    find: async (path) => findInDirectory(directory, root, path),
    async list(path) {
      const rootFd = openRoot(directory);
      try {
        const fd = openDirectoryInRoot(rootFd, path === '' ? '.' : path);
        try {
          return listDirectory(fd).sort();
        } finally {
          closeFd(fd);
        }
      } finally {
        fs.closeSync(rootFd);
      }
    },
    async *entries(path, signal): AsyncGenerator<SourceEntry, void> {
      const pack = { whiteouts: 'literal', path: fromBytePath(path), name: '.' } as const;
      for await (const { header, body } of readTar(workers.pack(directory, pack, signal))) {
        const linkName = header.linkNameBytes.toString('latin1');
        yield {
          name: withoutDot(header.nameBytes.toString('latin1')),
          header:
            header.type === 'hard-link'
              ? { ...header, linkNameBytes: Buffer.from(withoutDot(linkName), 'latin1') }
              : header,
          body: () => body,
        };
      }
    },
  };
}

function findInDirectory(directory: string, root: string, path: string): SourceNode | undefined {
  const rootFd = openRoot(directory);
  try {
    const fd = openInRoot(rootFd, fromBytePath(path === '' ? '.' : path), O_PATH);
    try {
      const real = fs.readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
      return {
        path: real === root ? '' : real.slice(root.length + 1),
        isDirectory: fs.fstatSync(fd).isDirectory(),
      };
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

/** `./a/` → `a`, `.` → ''. */
function withoutDot(name: string): string {
  return name.replace(/^\.(?:\/|$)/, '').replace(/\/$/, '');
}
