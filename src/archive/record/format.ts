import fs from 'node:fs';
import zlib from 'node:zlib';
import { DhowError } from '#errors/error.ts';
import type { BytePath } from '#sys/file-tree.ts';

/**
 * How a *tar record* looks on disk: what an unpacked archive had besides the content of its files, so that the very
 * bytes of the archive can be put together again from the record and the tree.
 *
 *   magic, then batches: length (u32, little endian), one zstd frame of that length
 *   a batch is whole items: tag, then
 *     0 structure  length, bytes          headers, padding, the end of the archive, content that is in no file
 *     1 directory  length, path           where the files that follow lie, relative to the tree, no symlink in it
 *     2 content    length, name, offset in the file, length of the run
 *   all numbers are LEB128
 */
export type RecordItem =
  | { type: 'structure'; bytes: Buffer }
  | { type: 'directory'; path: BytePath }
  | { type: 'content'; name: BytePath; offset: number; length: number };

export const recordMagic = Buffer.from('dhow-tar-record-1\n');
export const tags = { structure: 0, directory: 1, content: 2 } as const;
/** Bytes of a batch before compression. */
export const batchBytes = 1 << 20;
/** A batch that does not shrink is a little larger than what it holds. */
const maxFrameBytes = 2 * batchBytes;

/** Reads the items of a record in their order. @throws DataLoss when the record is damaged; SystemError */
export function* readRecord(fd: number): Generator<RecordItem, void> {
  const magic = readExactly(fd, recordMagic.length);
  if (magic === undefined || !magic.equals(recordMagic)) throw damaged('it does not begin as one');
  for (;;) {
    const header = readExactly(fd, 4);
    if (header === undefined) return;
    const length = header.readUInt32LE(0);
    const frame = length > maxFrameBytes ? undefined : readExactly(fd, length);
    if (frame === undefined) throw damaged('it is cut off');
    let batch: Buffer;
    try {
      batch = zlib.zstdDecompressSync(frame, { maxOutputLength: batchBytes });
    } catch (cause) {
      throw damaged('a batch cannot be decompressed', cause);
    }
    yield* readItems(batch);
  }
}

function* readItems(batch: Buffer): Generator<RecordItem, void> {
  let position = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = batch[position++];
      if (byte === undefined || scale > 2 ** 49) throw damaged('a number is cut off');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const bytes = (): Buffer => {
    const length = number();
    const found = batch.subarray(position, position + length);
    if (found.length < length) throw damaged('an item is cut off');
    position += length;
    return found;
  };
  while (position < batch.length) {
    const tag = batch[position++];
    if (tag === tags.structure) yield { type: 'structure', bytes: bytes() };
    else if (tag === tags.directory) yield { type: 'directory', path: bytes().toString('latin1') };
    else if (tag === tags.content) {
      const name = bytes().toString('latin1');
      const offset = number();
      yield { type: 'content', name, offset, length: number() };
    } else throw damaged(`it has the unknown item ${tag}`);
  }
}

/** @returns undefined at the end of the file */
function readExactly(fd: number, length: number): Buffer | undefined {
  const buffer = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const count = fs.readSync(fd, buffer, done, length - done, null);
    if (count === 0 && done === 0) return undefined;
    if (count === 0) throw damaged('it is cut off');
    done += count;
  }
  return buffer;
}

export function damaged(why: string, cause?: unknown): DhowError {
  return new DhowError('DataLoss', `the tar record of a layer is damaged: ${why}`, { cause });
}
