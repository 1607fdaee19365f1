import { type PackOptions, packTree } from '#archive/pack/tree-packer.ts';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

/** An archive that is made as far as somebody asks for it. */
export class PackStream implements Disposable {
  readonly #pieces: Generator<Buffer, void, void>;
  readonly #path: string;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(directory: string, options: PackOptions) {
    this.#pieces = packTree(directory, options);
    this.#path = options.path;
  }

  [Symbol.dispose](): void {
    this.#pieces.return();
  }

  /** Fills as much of `target` as there is. @returns 0 at the end. @throws NotFound; Internal */
  fill(target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0) {
        const piece = this.#next();
        if (piece === undefined) break;
        this.#rest = piece;
      }
      const part = this.#rest.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return filled;
  }

  #next(): Buffer | undefined {
    try {
      return this.#pieces.next().value ?? undefined;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) {
        throw new DhowError('NotFound', `there is no ${JSON.stringify(this.#path.slice(0, 300))}`, {
          cause: error,
        });
      }
      throw error;
    }
  }
}
