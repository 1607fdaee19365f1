import { DhowError } from '#errors/error.ts';

/** Ctrl-P Ctrl-Q. */
const defaultKeys = Uint8Array.of(0x10, 0x11);

/**
 * The sequence by which a user leaves a terminal without ending it: letters and `ctrl-` with a letter or one of `@[\]^_`,
 * joined by commas. Empty text means Docker's default.
 * @throws InvalidParameter in Docker's words
 */
export function parseDetachKeys(text: string): Uint8Array {
  if (text === '') return defaultKeys;
  const keys = text.split(',').map((key) => {
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
    const control = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key)?.[1];
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
 * Watches a terminal's input for the sequence. Keys that may begin it are held back until it is complete or broken; broken,
 * they are passed on.
 */
export class DetachKeyFilter {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** What to pass on, and whether the sequence was completed (what follows it is dropped). */
  push(bytes: Uint8Array): { bytes: Uint8Array; detached: boolean } {
    // Most input has nothing of the sequence and is passed on as it is.
    if (this.#matched === 0 && !bytes.includes(this.#keys[0] ?? -1)) return { bytes, detached: false };
    const passed: number[] = [];
    for (const byte of bytes) {
      this.#step(byte, passed);
      if (this.#matched === this.#keys.length) return { bytes: Uint8Array.from(passed), detached: true };
    }
    return { bytes: Uint8Array.from(passed), detached: false };
  }

  /** The keys held back, when the input ends. */
  finish(): Uint8Array {
    const held = this.#keys.slice(0, this.#matched);
    this.#matched = 0;
    return held;
  }

  #step(byte: number, passed: number[]): void {
    if (byte === this.#keys[this.#matched]) {
      this.#matched++;
      return;
    }
    // What was held back and this byte may end in a shorter beginning of the sequence.
    const held = [...this.#keys.subarray(0, this.#matched), byte];
    let kept = Math.min(held.length, this.#keys.length) - 1;
    while (kept > 0 && !held.slice(held.length - kept).every((key, at) => key === this.#keys[at])) kept--;
    passed.push(...held.slice(0, held.length - kept));
    this.#matched = kept;
  }
}
