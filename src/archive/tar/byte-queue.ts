const empty = Buffer.alloc(0);

/**
 * Bytes that arrived and were not read yet. Chunks are kept by reference and handed out as views; only a read that
 * spans two chunks copies.
 */
export class ByteQueue {
  /** Is given everything that is taken but file content, in order. */
  readonly #onStructure: ((bytes: Buffer) => void) | undefined;
  #chunks: Buffer[] = [];
  /** Read position in the first chunk. */
  #position = 0;
  #length = 0;
  #ended = false;

  constructor(onStructure?: (bytes: Buffer) => void) {
    this.#onStructure = onStructure;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether `end` was called; what is queued can still be read. */
  get ended(): boolean {
    return this.#ended;
  }

  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#chunks.push(
      Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength),
    );
    this.#length += chunk.byteLength;
  }

  end(): void {
    this.#ended = true;
  }

  /** Exactly `size` bytes in one piece, or undefined when fewer are queued. */
  take(size: number): Buffer | undefined {
    if (size > this.#length) return undefined;
    const taken = this.#join(size);
    this.#onStructure?.(taken);
    return taken;
  }

  /** As much as one chunk has, at most `limit` bytes; empty when nothing is queued. */
  takeSome(limit: number): Buffer {
    const taken = this.takeContent(limit);
    this.#onStructure?.(taken);
    return taken;
  }

  /** As `takeSome`, for the content of a file. */
  takeContent(limit: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined) return empty;
    const end = Math.min(first.length, this.#position + limit);
    const part = first.subarray(this.#position, end);
    this.#length -= part.length;
    this.#position = end;
    if (end === first.length) {
      this.#chunks.shift();
      this.#position = 0;
    }
    return part;
  }

  #join(size: number): Buffer {
    const first = this.#chunks[0] ?? empty;
    if (first.length - this.#position >= size) return this.takeContent(size);
    const joined = Buffer.allocUnsafe(size);
    for (let filled = 0; filled < size; ) {
      const part = this.takeContent(size - filled);
      joined.set(part, filled);
      filled += part.length;
    }
    return joined;
  }

  /** Copies what is queued, so that the chunks it came in may be used again. */
  own(): void {
    if (this.#length === 0) return;
    this.#chunks = [Buffer.concat(this.#chunks).subarray(this.#position)];
    this.#position = 0;
  }
}
