/** A line longer than this is refused, so that a peer cannot make the reader hold any amount of memory. */
const maximumLineLength = 4 * 1024 * 1024;

/** One value as one line. */
export function encodeJsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * Splits a byte stream into lines and parses each as JSON. Lines may be cut anywhere, also inside a UTF-8 sequence; they end
 * with `\n` or `\r\n`, and an RFC 7464 record separator in front of a value is skipped.
 *
 * @throws SyntaxError for a line that is not JSON; RangeError for a line above 4 MiB
 */
export class JsonLineDecoder {
  readonly #text = new TextDecoder();
  #pending = '';

  push(bytes: Uint8Array): unknown[] {
    return this.#take(this.#text.decode(bytes, { stream: true }));
  }

  /** The last line when it lacks its newline. */
  finish(): unknown[] {
    return this.#take(`${this.#text.decode()}\n`);
  }

  #take(text: string): unknown[] {
    const values: unknown[] = [];
    const lines = (this.#pending + text).split('\n');
    this.#pending = lines.pop() ?? '';
    if (this.#pending.length > maximumLineLength) throw new RangeError('JSON line is longer than 4 MiB');
    for (const line of lines) {
      const trimmed = (line.startsWith('\x1e') ? line.slice(1) : line).trim();
      if (trimmed !== '') values.push(JSON.parse(trimmed));
    }
    return values;
  }
}

/** The values of a whole stream, as they arrive. Same errors as JsonLineDecoder. */
export async function* decodeJsonLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new JsonLineDecoder();
  for await (const chunk of source) yield* decoder.push(chunk);
  yield* decoder.finish();
}
