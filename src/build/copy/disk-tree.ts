import fs from 'node:fs';
import { readTar } from '#archive/read-tar.ts';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { findInRoot } from '#build/copy/in-root.ts';
import { fromBytePath, type SourceEntry, type SourceTree } from '#build/copy/source-tree.ts';
import { closeFd, listDirectory, openDirectoryInRoot } from '#sys/file-tree.ts';
import { openRoot } from '#sys/open-in-root.ts';

/** A tree in the file system, such as a stage's mounted root. Nothing outside of `directory` is looked at. */
export function createDiskTree(directory: string, workers: Pick<ArchiveWorkers, 'pack'>): SourceTree {
  return {
    async find(path) {
      const node = findInRoot(directory, path === '' ? '.' : fromBytePath(path));
      return node && { path: node.path, isDirectory: node.stat.isDirectory() };
    },
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

/** `./a/` → `a`, `.` → ''. */
function withoutDot(name: string): string {
  return name.replace(/^\.(?:\/|$)/, '').replace(/\/$/, '');
}
