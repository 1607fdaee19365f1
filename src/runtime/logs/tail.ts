import type fs from 'node:fs';
import { parseEntry } from '#runtime/logs/entry.ts';
import type { LogEntry } from '#runtime/logs.ts';

const blockSize = 64 * 1024;
const newline = 0x0a;

/** Where the last lines of output begin in one file of a log. */
export interface Tail {
  start: number;
  /** How many of them begin in this file. */
  found: number;
  /** false: some are missing, or the first one may have begun in an older file. */
  complete: boolean;
}

/**
 * Looks for the last `count` lines of output, from the end of a log file. A line of output is all its partial entries and the full one that
 * ends it.
 *
 * @param newest whether nothing was found in newer files: partial entries at the end are then a line that is not finished, and otherwise
 *   the beginning of the first line that was found there
 */
export async function findTail(
  file: fs.promises.FileHandle,
  count: number,
  newest: boolean,
  wanted: (entry: LogEntry) => boolean,
): Promise<Tail> {
  const { size } = await file.stat();
  if (count <= 0 && newest) return { start: await endOfLines(file, size), found: 0, complete: true };
  let found = 0;
  let start = size;
  for await (const { offset, line } of linesBackwards(file, size)) {
    const entry = parseEntry(line);
    if (entry && wanted(entry)) {
      // Backwards, the full entry comes before the partial ones of its line.
      const begins = !entry.partial || (newest && found === 0);
      if (begins && found === count) return { start, found, complete: true };
      if (begins) found++;
      start = offset;
    }
  }
  return { start: 0, found, complete: false };
}

async function endOfLines(file: fs.promises.FileHandle, size: number): Promise<number> {
  for await (const { offset, line } of linesBackwards(file, size)) return offset + line.length + 1;
  return 0;
}

/** The complete lines of a file, the last first, without their newlines. What follows the last newline is left out. */
async function* linesBackwards(
  file: fs.promises.FileHandle,
  size: number,
): AsyncGenerator<{ offset: number; line: Buffer }> {
  let blockStart = size;
  // What has been read and not been given yet: from `blockStart` to the newline that ends its last line.
  let held: Buffer = Buffer.alloc(0);
  let terminated = false;
  while (blockStart > 0) {
    const length = Math.min(blockSize, blockStart);
    blockStart -= length;
    const block = Buffer.alloc(length + held.length);
    await file.read(block, 0, length, blockStart);
    held.copy(block, length);
    held = block;
    if (!terminated) {
      const last = held.lastIndexOf(newline);
      held = held.subarray(0, last + 1);
      if (last < 0) continue;
      terminated = true;
    }
    for (;;) {
      const before = held.length < 2 ? -1 : held.lastIndexOf(newline, held.length - 2);
      if (before < 0) break;
      yield { offset: blockStart + before + 1, line: held.subarray(before + 1, held.length - 1) };
      held = held.subarray(0, before + 1);
    }
  }
  if (terminated && held.length > 0) yield { offset: 0, line: held.subarray(0, held.length - 1) };
}
