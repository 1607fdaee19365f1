import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  type Compression,
  createDecompressor,
  decompressionError,
  detectCompression,
  magicBytes,
  tooLarge,
} from '#archive/decompress.ts';
import { type RecordPlace, TarRecorder } from '#archive/record/recorder.ts';
import { ByteQueue } from '#archive/tar/byte-queue.ts';
import { decodeTar } from '#archive/tar/decode.ts';
import { TreeWriter, type TreeWriterOptions } from '#archive/unpack/tree-writer.ts';
import { recordError } from '#archive/unpack/unpack-error.ts';
import { DhowError } from '#errors/error.ts';

export interface UnpackOptions extends TreeWriterOptions {
  /** Most bytes that may come out of the decompressor. */
  maxBytes: number;
  /** Where to write what is needed to put the archive together again. */
  record?: RecordPlace;
}

/** What became of an archive. */
export interface Unpacked {
  /** SHA-256 of the whole uncompressed archive, padding included, in hexadecimal. */
  sha256: string;
  /** Sum of the files' sizes. */
  contentBytes: number;
  /** Length of the whole uncompressed archive. */
  archiveBytes: number;
  /** Whether the archive's root is opaque: everything in the layers below is hidden. */
  opaqueRoot: boolean;
}

/** Decompressed chunks that may wait while one is being written; the decompressor pauses above. */
const maxPending = 4;

/**
 * Unpacks one archive that arrives in pieces. Decompression runs in zlib's thread while this thread hashes the piece
 * before it and writes its files, so one layer keeps two cores busy.
 */
export class UnpackStream implements Disposable {
  readonly #writer: TreeWriter;
  readonly #maxBytes: number;
  readonly #recorder: TarRecorder | undefined;
  readonly #queue: ByteQueue;
  readonly #events: ReturnType<typeof decodeTar>;
  readonly #hash = createHash('sha256');
  readonly #result = Promise.withResolvers<Unpacked>();
  #compression: Compression | undefined;
  #decompressor: Duplex | undefined;
  #start: Buffer[] = [];
  #pending: Buffer[] = [];
  #scheduled = false;
  #decompressed = false;
  #archiveEnded = false;
  #closed = false;
  #totalBytes = 0;

  constructor(directory: string, options: UnpackOptions) {
    const recorder = options.record && new TarRecorder(options.record);
    this.#recorder = recorder;
    this.#queue = new ByteQueue(recorder && ((bytes) => recorder.structure(bytes)));
    this.#events = decodeTar(this.#queue);
    try {
      this.#writer = new TreeWriter(directory, options, recorder);
    } catch (error) {
      recorder?.[Symbol.dispose]();
      throw error;
    }
    this.#maxBytes = options.maxBytes;
    this.#result.promise.catch(() => {});
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decompressor?.destroy();
    this.#pending = [];
    this.#writer[Symbol.dispose]();
    this.#recorder?.[Symbol.dispose]();
  }

  /** Settles when the archive is unpacked or something failed; the stream is closed then. */
  get result(): Promise<Unpacked> {
    return this.#result.promise;
  }

  /** @param done called when the bytes are no longer needed and more are welcome */
  push(bytes: Buffer, done: () => void): void {
    if (this.#compression === undefined && !this.#closed) {
      this.#start.push(Buffer.from(bytes));
      if (this.#start.reduce((sum, part) => sum + part.length, 0) >= magicBytes) this.#begin();
      done();
    } else {
      this.#feed(bytes, done);
    }
  }

  end(): void {
    if (this.#closed) return;
    if (this.#compression === undefined) this.#begin();
    if (this.#decompressor !== undefined) this.#decompressor.end();
    else this.#endOfInput();
  }

  abort(): void {
    this.#fail(new DhowError('Cancelled', 'unpacking was cancelled'));
  }

  #begin(): void {
    const start = Buffer.concat(this.#start);
    this.#start = [];
    try {
      this.#compression = detectCompression(start);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#compression !== 'none') {
      this.#decompressor = createDecompressor(this.#compression);
      this.#decompressor.on('data', (chunk: Buffer) => this.#receive(chunk));
      this.#decompressor.on('end', () => this.#endOfInput());
      this.#decompressor.on('error', (error) =>
        this.#fail(decompressionError(this.#compression ?? 'none', error)),
      );
    }
    this.#feed(start, () => {});
  }

  #feed(bytes: Buffer, done: () => void): void {
    if (this.#closed) {
      done();
      return;
    }
    if (this.#decompressor !== undefined) {
      this.#decompressor.write(bytes, () => done());
      return;
    }
    this.#consume(bytes);
    // What is left of these bytes, a part of a header, must outlive them.
    this.#queue.own();
    done();
  }

  #receive(chunk: Buffer): void {
    this.#pending.push(chunk);
    if (this.#pending.length >= maxPending) this.#decompressor?.pause();
    this.#schedule();
  }

  /** A turn later, so that the decompressor starts its next piece first. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      const chunk = this.#pending.shift();
      if (chunk !== undefined) this.#consume(chunk);
      if (this.#pending.length > 0) this.#schedule();
      else if (this.#decompressed) this.#complete();
      else this.#decompressor?.resume();
    });
  }

  #endOfInput(): void {
    this.#decompressed = true;
    if (this.#pending.length === 0) this.#complete();
  }

  #consume(bytes: Buffer): void {
    if (this.#closed) return;
    try {
      this.#totalBytes += bytes.length;
      if (this.#totalBytes > this.#maxBytes) throw tooLarge(this.#maxBytes);
      this.#hash.update(bytes);
      if (this.#archiveEnded) {
        this.#recorder?.structure(bytes);
        return;
      }
      this.#queue.push(bytes);
      this.#decode();
    } catch (error) {
      this.#fail(error);
    }
  }

  #decode(): void {
    for (;;) {
      const event = this.#events.next();
      if (event.done) {
        this.#archiveEnded = true;
        // What follows the archive's end is part of the layer's digest.
        while (this.#queue.length > 0) this.#queue.takeSome(this.#queue.length);
        return;
      }
      if (event.value.type === 'data') this.#writer.write(event.value.offset, event.value.bytes);
      else if (event.value.type === 'entry') this.#writer.begin(event.value.header);
      else if (event.value.type === 'entry-end') this.#writer.end();
      else return;
    }
  }

  #complete(): void {
    if (this.#closed) return;
    try {
      this.#queue.end();
      if (!this.#archiveEnded) this.#decode();
      this.#writer.finish();
      this.#recorder?.finish();
      const { contentBytes, opaqueRoot } = this.#writer;
      const archiveBytes = this.#totalBytes;
      this.#result.resolve({ sha256: this.#hash.digest('hex'), contentBytes, archiveBytes, opaqueRoot });
      this[Symbol.dispose]();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#result.reject(recordError(error));
    this[Symbol.dispose]();
  }
}
