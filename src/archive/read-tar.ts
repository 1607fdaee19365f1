import { blockSize, isZeroBlock, parseBlock } from '#archive/tar/block.ts';
import { ByteQueue } from '#archive/tar/byte-queue.ts';
import { decodeTar, type TarEvent } from '#archive/tar/decode.ts';
import type { TarHeader } from '#archive/tar/header.ts';

export type { TarEntryType, TarHeader } from '#archive/tar/header.ts';

export interface TarEntry {
  header: TarHeader;
  /**
   * The file's content, the holes of a sparse file as zeros. It can be read once, and only until the next entry is
   * asked for; what was not read by then is skipped. Chunks are views into the source's chunks.
   */
  body: AsyncIterable<Uint8Array>;
}

/** Whether bytes look like the beginning of a tar: a header with a right checksum, or the end of an empty archive. */
export function startsAsTar(start: Buffer): boolean {
  if (start.length < blockSize) return false;
  const block = start.subarray(0, blockSize);
  if (isZeroBlock(block)) return true;
  try {
    parseBlock(block);
    return true;
  } catch {
    return false;
  }
}

const holeBytes = 64 * 1024;

/**
 * Reads a tar archive of any dialect, one entry after the other, with memory for one chunk. Names are a stranger's:
 * they may be absolute, contain `..` or repeat. The end of the iteration does not read the source to its end, it
 * closes it.
 * @throws InvalidParameter when the source is no tar archive, is cut off or breaks a bound
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void> {
  const queue = new ByteQueue();
  const events = decodeTar(queue);
  const chunks = source[Symbol.asyncIterator]();
  let sourceEnded = false;

  async function nextEvent(): Promise<TarEvent | undefined> {
    for (;;) {
      const event = events.next();
      if (event.done) return undefined;
      if (event.value.type !== 'starved') return event.value;
      const chunk = await chunks.next();
      if (chunk.done) {
        sourceEnded = true;
        queue.end();
      } else {
        queue.push(chunk.value);
      }
    }
  }

  async function* readBody(entry: Progress): AsyncGenerator<Uint8Array, void> {
    if (entry.begun) return;
    entry.begun = true;
    let position = 0;
    while (!entry.ended) {
      const event = await nextEvent();
      if (event?.type !== 'data') {
        entry.ended = true;
        break;
      }
      for (; position < event.offset; position += Math.min(holeBytes, event.offset - position)) {
        yield new Uint8Array(Math.min(holeBytes, event.offset - position));
      }
      position += event.bytes.length;
      yield event.bytes;
    }
    for (; !entry.left && position < entry.sizeBytes; ) {
      const hole = Math.min(holeBytes, entry.sizeBytes - position);
      position += hole;
      yield new Uint8Array(hole);
    }
  }

  try {
    for (;;) {
      const event = await nextEvent();
      if (event === undefined) return;
      if (event.type !== 'entry') continue;
      const entry: Progress = { sizeBytes: event.header.sizeBytes, begun: false, ended: false, left: false };
      yield { header: event.header, body: readBody(entry) };
      entry.begun = true;
      entry.left = true;
      while (!entry.ended) entry.ended = (await nextEvent())?.type !== 'data';
    }
  } finally {
    if (!sourceEnded) await chunks.return?.();
  }
}

interface Progress {
  sizeBytes: number;
  /** Somebody reads, or may no longer begin to read, the body. */
  begun: boolean;
  /** The decoder has delivered all of the entry's data. */
  ended: boolean;
  /** The consumer has asked for the next entry. */
  left: boolean;
}
