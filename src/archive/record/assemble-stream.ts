import { createHash } from 'node:crypto';
import { type AssembleSource, assembleTar } from '#archive/record/assemble.ts';
import { DhowError } from '#errors/error.ts';

/** Puts an archive together as far as somebody asks for it, and checks at the end that it is the right one. */
export class AssembleStream implements Disposable {
  readonly #pieces: Generator<Buffer, void>;
  readonly #sha256: string;
  readonly #hash = createHash('sha256');
  #rest: Uint8Array = new Uint8Array(0);

  /** @param sha256 of the whole archive, hexadecimal */
  constructor(source: AssembleSource, sha256: string) {
    this.#pieces = assembleTar(source);
    this.#sha256 = sha256;
  }

  [Symbol.dispose](): void {
    this.#pieces.return();
  }

  /**
   * Fills as much of `target` as there is.
   * @returns 0 at the end. @throws DataLoss, at the end at the latest, when the bytes given are not the archive's
   */
  fill(target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0) {
        const piece = this.#pieces.next();
        if (piece.done) break;
        this.#rest = piece.value;
      }
      const part = this.#rest.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    if (filled > 0) this.#hash.update(target.subarray(0, filled));
    else this.#check();
    return filled;
  }

  #check(): void {
    const actual = this.#hash.digest('hex');
    if (actual === this.#sha256) return;
    throw new DhowError(
      'DataLoss',
      `the layer sha256:${this.#sha256} is damaged: its files give sha256:${actual}`,
    );
  }
}
