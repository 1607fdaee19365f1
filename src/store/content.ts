import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { type Digest, digestOf, hexOf, isDigest } from '#image/digest.ts';
import { openIngest } from '#store/content/ingest.ts';
import { Locks } from '#store/content/locks.ts';
import type { Leases } from '#store/leases.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * Blobs by digest. Content is invisible until committed: an ingest has a *ref* (any string, unique for what is being
 * fetched, usually the expected digest) while it is written, and a digest only after `commit`. An ingest that is closed
 * without commit keeps its bytes, so that a later `ingest` of the same ref (also in another process) resumes at `offset`.
 *
 *   blobs/sha256/<hex>      whole, verified, never changed
 *   ingest/<hash of ref>    being written, or left for a later attempt
 *   removed/<number>        on the way out; emptied at the start
 */
export interface ContentStore {
  has(digest: Digest): boolean;
  /** @throws NotFound */
  sizeOf(digest: Digest): number;
  /** When the blob was complete. @throws NotFound */
  addedAt(digest: Digest): Date;
  /** The whole blob. @throws NotFound; InvalidParameter if larger than `maxBytes`. */
  read(digest: Digest, maxBytes: number): Promise<Buffer>;
  /**
   * The bytes from `offset` on. Opened when the first piece is asked for: what nobody reads needs no closing.
   * @throws NotFound, then or at once
   */
  stream(digest: Digest, offset?: number): AsyncIterable<Uint8Array>;
  /** Only one ingest per ref at a time: a second caller waits for the first. @throws the reason of `signal` */
  ingest(ref: string, signal: AbortSignal): Promise<Ingest>;
  /** Stores bytes that are in memory already (manifests, configs). */
  put(bytes: Uint8Array): Promise<Digest>;
  /** The blob is gone at once, its disk space when this resolves. No error if absent. */
  remove(digest: Digest): Promise<void>;
  /** Whether a blob still has its digest. @throws NotFound */
  verify(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** Files among the blobs that are none. */
  strays(): string[];
  /** Drops what attempts before `time` left and nobody took up again. @returns bytes freed */
  removeStaleIngests(time: Date): Promise<number>;
  list(): Digest[];
}

export interface Ingest extends AsyncDisposable {
  /** Bytes that an earlier attempt left; writing continues there. Their hash state is restored by reading them. */
  readonly offset: number;
  /** Waits only while much is unwritten; the chunk must not be changed afterwards. */
  write(chunk: Uint8Array): Promise<void>;
  /** Drops what was written so far: the source could not continue at `offset`. */
  restart(): Promise<void>;
  /** The digest of what was written so far. */
  digest(): Digest;
  /** Drops everything; the ref is free again. */
  discard(): Promise<void>;
  /**
   * Verifies, syncs and makes the blob visible by one rename. @throws DataLoss naming both digests when they differ: what
   * was written is dropped then, and the source can begin anew.
   */
  commit(expected: { digest: Digest; sizeBytes?: number }): Promise<void>;
}

const streamChunkBytes = 256 * 1024;

/**
 * Opens or creates the store in a directory of its own. Blocks shortly: for the start of the daemon.
 * @param note see `Leases`
 */
export function createContentStore(directory: string, note: Leases['note']): ContentStore {
  const blobs = path.join(directory, 'blobs', 'sha256');
  const ingests = path.join(directory, 'ingest');
  const removed = path.join(directory, 'removed');
  fs.rmSync(removed, { recursive: true, force: true });
  for (const made of [blobs, ingests, removed]) fs.mkdirSync(made, { recursive: true, mode: 0o700 });
  const locks = new Locks();
  let removals = 0;

  const pathOf = (digest: Digest): string => path.join(blobs, hexOf(digest));
  /** Noted before it is there. */
  function placeFor(digest: Digest): string {
    note(digest);
    return pathOf(digest);
  }
  function has(digest: Digest): boolean {
    const isThere = fs.existsSync(pathOf(digest));
    if (isThere) note(digest);
    return isThere;
  }
  const ingestPathOf = (ref: string): string => path.join(ingests, hexOf(digestOf(ref)));

  function statusOf(digest: Digest): fs.Stats {
    const status = fs.statSync(pathOf(digest), { throwIfNoEntry: false });
    if (status === undefined) throw absent(digest);
    return status;
  }

  async function* piecesOf(digest: Digest, offset: number): AsyncGenerator<Uint8Array> {
    try {
      yield* fs.createReadStream(pathOf(digest), { start: offset, highWaterMark: streamChunkBytes });
    } catch (error) {
      throw hasCode(error, 'ENOENT') ? absent(digest) : error;
    }
  }

  async function ingest(ref: string, signal: AbortSignal): Promise<Ingest> {
    const file = ingestPathOf(ref);
    const lock = await locks.acquire(file, signal);
    try {
      return await openIngest(file, placeFor, lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  return {
    has,
    sizeOf: (digest) => statusOf(digest).size,
    // Its rename into place is the last change.
    addedAt: (digest) => statusOf(digest).ctime,
    async read(digest, maxBytes) {
      const { size } = statusOf(digest);
      if (size > maxBytes) {
        throw new DhowError(
          'InvalidParameter',
          `${digest} has ${size} bytes; the most allowed here is ${maxBytes}`,
        );
      }
      try {
        return await fs.promises.readFile(pathOf(digest));
      } catch (error) {
        throw hasCode(error, 'ENOENT') ? absent(digest) : error;
      }
    },
    stream(digest, offset = 0) {
      statusOf(digest);
      return piecesOf(digest, offset);
    },
    ingest,
    async put(bytes) {
      const digest = digestOf(bytes);
      if (has(digest)) return digest;
      await using upload = await ingest(`put ${digest}`, new AbortController().signal);
      if (upload.offset > 0) await upload.restart();
      await upload.write(bytes);
      await upload.commit({ digest, sizeBytes: bytes.length });
      return digest;
    },
    async remove(digest) {
      const away = path.join(removed, String(removals++));
      try {
        fs.renameSync(pathOf(digest), away);
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return;
        throw error;
      }
      await fs.promises.rm(away, { force: true });
    },
    async verify(digest, signal) {
      statusOf(digest);
      const hash = createHash('sha256');
      for await (const piece of piecesOf(digest, 0)) {
        signal.throwIfAborted();
        hash.update(piece);
      }
      return hash.digest('hex') === hexOf(digest);
    },
    strays: () =>
      fs
        .readdirSync(blobs)
        .filter((name) => !isDigest(`sha256:${name}`))
        .map((name) => path.join(blobs, name)),
    async removeStaleIngests(time) {
      let freed = 0;
      for (const name of await fs.promises.readdir(ingests)) {
        const file = path.join(ingests, name);
        const status = await fs.promises.stat(file).catch(() => undefined);
        if (status === undefined || status.mtime >= time) continue;
        using lock = locks.tryAcquire(file);
        if (lock === undefined) continue;
        await fs.promises.rm(file, { force: true });
        freed += status.size;
      }
      return freed;
    },
    list: () =>
      fs
        .readdirSync(blobs)
        .map((name) => `sha256:${name}`)
        .filter(isDigest),
  };
}

function absent(digest: Digest): DhowError {
  return new DhowError('NotFound', `no content with the digest ${digest}`);
}
