import { DhowError } from '#errors/error.ts';

/** Control-P, control-Q. */
export const defaultDetachKeys = 'ctrl-p,ctrl-q';

/**
 * The bytes of a sequence of keys, such as `ctrl-p,ctrl-q` or `ctrl-],x`: single characters, or `ctrl-` with a letter or one of
 * `@ [ \ ] ^ _`.
 *
 * @throws InvalidParameter for any other word
 */
export function parseDetachKeys(text: string): Buffer {
  const bytes = text.split(',').map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 64;
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
    throw new DhowError('InvalidParameter', `invalid detach keys (${text}): unknown character: '${key}'`);
  });
  return Buffer.from(bytes);
}

/**
 * Looks for the sequence in what is typed. Keys that may begin it are held back until it is complete (then they are swallowed)
 * or broken (then they are passed on).
 */
export class DetachKeyFilter {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  push(bytes: Uint8Array): { pass: Buffer; detached: boolean } {
    const pass: number[] = [];
    for (const byte of bytes) {
      while (this.#matched > 0 && byte !== this.#keys[this.#matched]) {
        // The held keys were not meant. A shorter beginning may still be among them: `a,a,b` typed as `a a a b`.
        const held = this.#keys.subarray(0, this.#matched);
        this.#matched = longestBorder(held);
        pass.push(...held.subarray(0, held.length - this.#matched));
      }
      if (byte === this.#keys[this.#matched]) {
        if (++this.#matched === this.#keys.length) return { pass: Buffer.from(pass), detached: true };
      } else pass.push(byte);
    }
    return { pass: Buffer.from(pass), detached: false };
  }
}

/** Length of the longest proper beginning that is also an end. */
function longestBorder(bytes: Buffer): number {
  for (let length = bytes.length - 1; length > 0; length--) {
    if (bytes.subarray(0, length).equals(bytes.subarray(bytes.length - length))) return length;
  }
  return 0;
}
