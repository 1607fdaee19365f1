/** Pieces that the worker may make ahead of the reader. */
const ahead = 3;

/** Pieces on their way from a worker to one reader. The reader's pace is the worker's, as each piece read asks for another. */
export class PieceQueue {
  readonly #pull: () => void;
  readonly #pieces: { buffer: ArrayBuffer; length: number }[] = [];
  #ended = false;
  #failure: { cause: unknown } | undefined;
  #wake: () => void = () => {};

  /** @param pull asks for one more piece */
  constructor(pull: () => void) {
    this.#pull = pull;
  }

  push(buffer: ArrayBuffer, length: number): void {
    this.#pieces.push({ buffer, length });
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The reader gets this error at once, before what is still there. */
  fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#wake();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < ahead; count++) this.#pull();
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.cause;
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        yield new Uint8Array(piece.buffer, 0, piece.length);
        if (!this.#ended) this.#pull();
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
