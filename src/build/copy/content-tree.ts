import { createHash } from 'node:crypto';
import type { SourceTree } from '#build/copy/source-tree.ts';

/** A file that stands in the Dockerfile. */
export function contentTree(name: string, content: string): SourceTree {
  const bytes = Buffer.from(content);
  return {
    find: async (path) => (path === name ? { path, isDirectory: false } : undefined),
    list: async () => [],
    async *entries() {
      yield {
        name: '',
        header: {
          type: 'file',
          linkNameBytes: Buffer.alloc(0),
          sizeBytes: bytes.length,
          mode: 0o644,
          uid: 0,
          gid: 0,
          modifiedAt: { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 },
          deviceMajor: 0,
          deviceMinor: 0,
          xattrs: new Map(),
        },
        async *body() {
          if (bytes.length > 0) yield bytes;
        },
        contentSha256: createHash('sha256').update(bytes).digest('hex'),
      };
    },
  };
}
