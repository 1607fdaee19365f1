import type fs from 'node:fs';

const chunkSize = 256 * 1024;
/** conmon writes at most 8 KiB of output a line; a longer line is not conmon's, and is read in pieces of this size. */
const longestLine = 64 * 1024;
const newline = 0x0a;

export interface LineReader {
  /** The next complete line without its newline; undefined when there is none at the moment. */
  next(): Promise<Buffer | undefined>;
  /** Where in the file the line after the last one begins. */
  readonly offset: number;
}

export function createLineReader(file: fs.promises.FileHandle, start: number): LineReader {
  let pending: Buffer = Buffer.alloc(0);
  /** Of `pending` in the file. */
  let base = start;
  let offset = 0;
  return {
    async next() {
      for (;;) {
        const end = pending.indexOf(newline, offset);
        if (end >= 0) {
          const line = pending.subarray(offset, end);
          offset = end + 1;
          return line;
        }
        const rest = pending.subarray(offset);
        if (rest.length > longestLine) {
          offset = pending.length;
          return rest;
        }
        // A buffer of its own each time: entries that were handed out keep pointing into theirs.
        const next = Buffer.allocUnsafeSlow(rest.length + chunkSize);
        rest.copy(next);
        base += offset;
        const { bytesRead } = await file.read(next, rest.length, chunkSize, base + rest.length);
        pending = next.subarray(0, rest.length + bytesRead);
        offset = 0;
        if (bytesRead === 0) return undefined;
      }
    },
    get offset() {
      return base + offset;
    },
  };
}
