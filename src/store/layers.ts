import type { Digest } from '#image/digest.ts';

/**
 * Layers, unpacked once and shared by every container that needs them. A layer is named by its *diff id*, the digest
 * of the uncompressed tar. Layers are independent of their parents: one directory holds just the layer's own files
 * (overlayfs whiteouts included), so the layers of an image unpack in any order and in parallel.
 *
 *   unpack(diffId, source)  → reads the (compressed) tar into a private directory, checks the diff id, renames it into
 *                             place and writes the row; from then on immutable. Concurrent calls for one diff id share.
 *   start-up                → removes directories that have no row
 *
 * `rootMount` returns a mount *value*; this room does not mount.
 */
export interface LayerStore {
  has(diffId: Digest): boolean;
  /**
   * @param source the layer tar, compressed with gzip or zstd or not at all (detected from its first bytes)
   * @returns size of the unpacked layer in bytes
   * @throws DataLoss when the uncompressed digest is not `diffId`; InvalidParameter for a malformed or hostile archive
   */
  unpack(
    diffId: Digest,
    source: AsyncIterable<Uint8Array>,
    options: { onProgress?: (unpackedBytes: number) => void; signal: AbortSignal },
  ): Promise<number>;
  /** Unpacked size in bytes. @throws NotFound */
  sizeOf(diffId: Digest): number;
  /** No error if absent. */
  remove(diffId: Digest): Promise<void>;
  list(): Digest[];
  /**
   * The overlay of `diffIds` (base first) with a writable layer in `directory` (`upper` and `work` are made there).
   * @throws NotFound for a missing layer; Unsupported when there are more layers than the kernel takes
   */
  rootMount(diffIds: readonly Digest[], directory: string): RootMount;
}

/** What to mount as a container's root, and how. */
export interface RootMount {
  type: 'overlay';
  /** Top-most first, as overlayfs lists them. */
  lowerDirectories: string[];
  upperDirectory: string;
  workDirectory: string;
}
