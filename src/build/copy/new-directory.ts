import type { PlacedEntry } from '#build/copy/copy-tar.ts';

/** A directory that nobody has described: 0755, made now. */
export function newDirectory(path: string, owner: { uid: number; gid: number }): PlacedEntry {
  return {
    path,
    header: {
      type: 'directory',
      linkNameBytes: Buffer.alloc(0),
      sizeBytes: 0,
      mode: 0o755,
      ...owner,
      modifiedAt: { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 },
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: new Map(),
    },
    body: nothing,
  };
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}
