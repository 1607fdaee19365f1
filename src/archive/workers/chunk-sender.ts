/** Bytes of one message: large enough that messages cost little, small enough to keep the worker fed. */
const bufferBytes = 256 * 1024;
/** Messages under way at once; a worker then holds 2 MiB at most. */
const maxUnderWay = 8;

/**
 * Fills messages for a worker with a source's chunks. Chunks are copied, because their memory may belong to somebody
 * else as well (a download is hashed and stored at the same time); the messages' own memory goes back and forth.
 */
export class ChunkSender {
  readonly #send: (buffer: ArrayBuffer, length: number) => void;
  #free: ArrayBuffer[] = [];
  #current: Uint8Array | undefined;
  #filled = 0;
  #underWay = 0;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(send: (buffer: ArrayBuffer, length: number) => void) {
    this.#send = send;
  }

  /** The worker is done with a message's memory. */
  giveBack(buffer: ArrayBuffer): void {
    this.#free.push(buffer);
    this.#underWay--;
    this.#wake?.();
  }

  /** Nothing is wanted any more; a `send` that waits returns. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Waits while too much is under way. Less than a whole message stays here while the worker has others to do. */
  async send(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length && !this.#stopped; ) {
      if (this.#current === undefined && this.#underWay >= maxUnderWay) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#current ??= new Uint8Array(this.#free.pop() ?? new ArrayBuffer(bufferBytes));
      const part = chunk.subarray(done, done + bufferBytes - this.#filled);
      this.#current.set(part, this.#filled);
      this.#filled += part.length;
      done += part.length;
      if (this.#filled === bufferBytes) this.flush();
    }
    if (this.#underWay === 0) this.flush();
  }

  flush(): void {
    const current = this.#current;
    if (current === undefined || this.#stopped) return;
    this.#current = undefined;
    this.#underWay++;
    this.#send(current.buffer as ArrayBuffer, this.#filled);
    this.#filled = 0;
  }
}
