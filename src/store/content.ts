import type { Readable } from 'node:stream';
import type { Digest } from '#image/digest.ts';

/**
 * Blobs by digest. Content is invisible until committed: an ingest has a *ref* (any string, unique for what is being
 * fetched, usually the expected digest) while it is written, and a digest only after `commit`. An ingest that is closed
 * without commit keeps its bytes, so that a later `ingest` of the same ref (also in another process) resumes at `offset`.
 */
export interface ContentStore {
  has(digest: Digest): boolean;
  /** @throws NotFound */
  sizeOf(digest: Digest): number;
  /** The whole blob. @throws NotFound; InvalidParameter if larger than `maxBytes`. */
  read(digest: Digest, maxBytes: number): Promise<Buffer>;
  /** @throws NotFound (as the stream's error if it vanishes later) */
  stream(digest: Digest): Readable;
  /** Only one ingest per ref at a time: a second caller waits for the first. */
  ingest(ref: string, signal: AbortSignal): Promise<Ingest>;
  /** Stores bytes that are in memory already (manifests, configs). */
  put(bytes: Uint8Array): Promise<Digest>;
  /** No error if absent. */
  remove(digest: Digest): Promise<void>;
  list(): Digest[];
}

export interface Ingest extends AsyncDisposable {
  /** Bytes that an earlier attempt left; writing continues there. Their hash state is restored by reading them. */
  readonly offset: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Drops what was written so far: the source could not continue at `offset`. */
  restart(): Promise<void>;
  /** Drops everything; the ref is free again. */
  discard(): Promise<void>;
  /**
   * Verifies, syncs and makes the blob visible by one rename. @throws DataLoss naming both digests when they differ
   * (what was written is then discarded).
   */
  commit(expected: { digest: Digest; sizeBytes?: number }): Promise<void>;
}
