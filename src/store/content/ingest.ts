import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';
import { type Digest, parseDigest } from '#image/digest.ts';
import type { Ingest } from '#store/content.ts';

/** Bytes that may wait to be written before the writer has to. */
const maxUnwritten = 1 << 20;

/**
 * Opens the file of an ingest, reading what an earlier attempt left so that hashing goes on behind it.
 * @param lock released when the ingest is closed
 */
export async function openIngest(
  file: string,
  blobPathOf: (digest: Digest) => string,
  lock: Disposable,
): Promise<Ingest> {
  const handle = await fs.promises.open(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  try {
    const { hash, size } = await hashFile(handle);
    return new FileIngest(file, handle, hash, size, blobPathOf, lock);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function hashFile(handle: fs.promises.FileHandle): Promise<{ hash: Hash; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const buffer = Buffer.allocUnsafe(maxUnwritten);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, size);
    if (bytesRead === 0) return { hash, size };
    hash.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
}

class FileIngest implements Ingest {
  readonly #file: string;
  readonly #handle: fs.promises.FileHandle;
  readonly #blobPathOf: (digest: Digest) => string;
  readonly #lock: Disposable;
  #hash: Hash;
  #offset: number;
  /** Bytes taken in, written or not. */
  #size: number;
  #unwritten: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> | undefined;
  #writeError: { cause: unknown } | undefined;
  #closed = false;

  constructor(
    file: string,
    handle: fs.promises.FileHandle,
    hash: Hash,
    size: number,
    blobPathOf: (digest: Digest) => string,
    lock: Disposable,
  ) {
    this.#file = file;
    this.#handle = handle;
    this.#hash = hash;
    this.#size = size;
    this.#offset = size;
    this.#blobPathOf = blobPathOf;
    this.#lock = lock;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#checkOpen();
    this.#throwWriteError();
    this.#hash.update(chunk);
    this.#size += chunk.length;
    this.#unwritten.push(chunk);
    this.#unwrittenBytes += chunk.length;
    // Not awaited: writing goes on behind the caller, who waits only when it lags too far.
    this.#writing ??= this.#writeOut();
    if (this.#unwrittenBytes > maxUnwritten) await this.#writing;
    this.#throwWriteError();
  }

  async restart(): Promise<void> {
    this.#checkOpen();
    await this.#writing;
    await this.#handle.truncate(0);
    this.#hash = createHash('sha256');
    this.#size = 0;
    this.#offset = 0;
    this.#writeError = undefined;
  }

  digest(): Digest {
    return parseDigest(`sha256:${this.#hash.copy().digest('hex')}`);
  }

  async discard(): Promise<void> {
    if (this.#closed) return;
    await this.#writing;
    await fs.promises.rm(this.#file, { force: true });
    await this[Symbol.asyncDispose]();
  }

  async commit({ digest, sizeBytes }: { digest: Digest; sizeBytes?: number }): Promise<void> {
    this.#checkOpen();
    await this.#writing;
    this.#throwWriteError();
    const actual = this.digest();
    const size = this.#size;
    if (actual !== digest || (sizeBytes !== undefined && sizeBytes !== size)) {
      await this.restart();
      const expected = sizeBytes === undefined ? digest : `${digest} (${sizeBytes} bytes)`;
      throw new DhowError(
        'DataLoss',
        `the content received is ${actual} (${size} bytes), but ${expected} was expected`,
      );
    }
    try {
      await this.#handle.datasync();
    } catch (cause) {
      // The kernel takes its pages for written now: another attempt to sync them would be believed.
      await this.restart();
      throw new DhowError('DataLoss', `cannot write ${digest} to disk: ${messageOf(cause)}`, { cause });
    }
    const blob = this.#blobPathOf(digest);
    await fs.promises.rename(this.#file, blob);
    await syncDirectory(path.dirname(blob));
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#writing;
      await this.#handle.close();
      // Nothing to resume: a download that was refused, or not needed after all.
      if (this.#size === 0) await fs.promises.rm(this.#file, { force: true });
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  /** Never rejects: the error is kept for the next `write` or `commit`. */
  async #writeOut(): Promise<void> {
    try {
      while (this.#unwritten.length > 0) {
        const batch = this.#unwritten;
        const batchBytes = this.#unwrittenBytes;
        this.#unwritten = [];
        await writeAll(this.#handle, batch, this.#size - this.#unwrittenBytes);
        this.#unwrittenBytes -= batchBytes;
      }
    } catch (cause) {
      this.#writeError ??= { cause };
      this.#unwritten = [];
      this.#unwrittenBytes = 0;
    } finally {
      this.#writing = undefined;
    }
  }

  #throwWriteError(): void {
    if (this.#writeError === undefined) return;
    const { cause } = this.#writeError;
    throw new DhowError('ResourceExhausted', `cannot write ${this.#file}: ${messageOf(cause)}`, { cause });
  }

  #checkOpen(): void {
    if (this.#closed) throw new DhowError('Internal', `the ingest ${this.#file} is closed`);
  }
}

/** writev(2) may write a part of what it was given. */
async function writeAll(
  handle: fs.promises.FileHandle,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const maxChunks = 1024;
  for (let first = 0, at = position; first < chunks.length; first += maxChunks) {
    let batch = chunks.slice(first, first + maxChunks);
    while (batch.length > 0) {
      const { bytesWritten } = await handle.writev(batch, at);
      at += bytesWritten;
      batch = rest(batch, bytesWritten);
    }
  }
}

function rest(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  let index = 0;
  for (const chunk of chunks) {
    if (skip < chunk.length) break;
    skip -= chunk.length;
    index++;
  }
  const [first, ...others] = chunks.slice(index);
  return first === undefined ? [] : [first.subarray(skip), ...others];
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await fs.promises.open(directory, fs.constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
