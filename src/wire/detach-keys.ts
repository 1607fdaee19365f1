import { DhowError } from '#errors/error.ts';

/** Control-P, control-Q. */
const defaultKeys = Uint8Array.of(0x10, 0x11);
const deleteKey = 0x7f;

/**
 * The bytes of a sequence of keys by which the user of a terminal leaves it, as the `detachKeys` of attach and exec tell it: single
 * characters, `DEL`, and `ctrl-` with a small letter or one of `@[\]^_`, joined by commas. Empty text means Docker's default.
 * @throws InvalidParameter in Docker's words
 */
export function parseDetachKeys(text: string): Uint8Array {
  if (text === '') return defaultKeys;
  const keys = text.split(',').map((key) => {
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
    if (key === 'DEL') return deleteKey;
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    // A terminal sends the key's place in the column of capitals.
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 64;
    throw new DhowError(
      'InvalidParameter',
      `Invalid escape keys (${text.slice(0, 60)}) provided: unknown character '${key.slice(0, 20)}'`,
    );
  });
  return Uint8Array.from(keys);
}

/**
 * Watches what is typed for the sequence. Keys that may begin it are held back until it is complete (then they are swallowed) or
 * broken (then they are passed on, and the key that broke it begins no other: client and daemon both watch, and one that saw more
 * than Docker's would leave the other waiting).
 */
export class DetachKeyFilter {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** What to pass on, and whether the sequence was completed (what follows it is dropped). */
  push(bytes: Uint8Array): { pass: Uint8Array; detached: boolean } {
    // Most input has nothing of the sequence and is passed on as it is.
    if (this.#matched === 0 && !bytes.includes(this.#keys[0] ?? -1)) return { pass: bytes, detached: false };
    const pass: number[] = [];
    for (const byte of bytes) {
      if (byte !== this.#keys[this.#matched]) pass.push(...this.finish(), byte);
      else if (++this.#matched === this.#keys.length) return { pass: Uint8Array.from(pass), detached: true };
    }
    return { pass: Uint8Array.from(pass), detached: false };
  }

  /** The keys held back, when the input ends. */
  finish(): Uint8Array {
    const held = this.#keys.subarray(0, this.#matched);
    this.#matched = 0;
    return held;
  }
}
