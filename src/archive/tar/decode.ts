import { type BlockHeader, blockSize, isZeroBlock, number, parseBlock } from '#archive/tar/block.ts';
import type { ByteQueue } from '#archive/tar/byte-queue.ts';
import { assembleHeader, type LongNames, type TarHeader } from '#archive/tar/header.ts';
import { malformed, quoteName } from '#archive/tar/malformed.ts';
import { addGlobal, mergePax, noRecords, type PaxRecords, parsePax, paxInteger } from '#archive/tar/pax.ts';
import {
  checkSparse,
  maxSparseMapBytes,
  padding,
  paxSparseFormat,
  paxSparseMap,
  type SparseSegment,
  segments,
  sparseMapFromData,
  sparseMapLines,
  sparseSlots,
} from '#archive/tar/sparse.ts';

/**
 * What the decoder has to say, in this order for each entry: `entry`, `data` (none or more), `entry-end`. `starved`
 * can come anywhere: push more bytes into the queue (or end it) and go on.
 */
export type TarEvent =
  | { type: 'starved' }
  | { type: 'entry'; header: TarHeader }
  /** `bytes` is a view that is valid until the consumer lets go of the chunk; `offset` is its place in the file. */
  | { type: 'data'; offset: number; bytes: Buffer }
  | { type: 'entry-end' };

/** PAX records and GNU long names may each take this much. */
const maxSpecialBytes = 1 << 20;

const starved: TarEvent = { type: 'starved' };
const entryEnd: TarEvent = { type: 'entry-end' };

/**
 * Reads a tar archive of any dialect (v7, ustar, PAX, GNU, star) out of the queue, as a coroutine: it never waits and
 * never allocates per block, so one loop serves asynchronous readers and the synchronous worker alike. It finishes
 * after the end-of-archive marker (what follows is padding) or at the end of input between two entries.
 * @throws InvalidParameter when the input is no tar archive, is cut off or breaks a bound
 */
export function* decodeTar(queue: ByteQueue): Generator<TarEvent, void> {
  let global = noRecords();
  for (;;) {
    let local: PaxRecords | undefined;
    const long: LongNames = {};
    let raw: Buffer;
    let block: BlockHeader;
    for (;;) {
      if (queue.length === 0) {
        while (queue.length === 0 && !queue.ended) yield starved;
        if (queue.length === 0) {
          if (local !== undefined || long.name || long.linkName) throw truncated();
          return;
        }
      }
      raw = queue.take(blockSize) ?? (yield* takeSlowly(queue, blockSize));
      if (isZeroBlock(raw)) {
        if (queue.length === 0) while (queue.length === 0 && !queue.ended) yield starved;
        if (queue.length > 0 && !isZeroBlock(yield* takeSlowly(queue, blockSize))) {
          throw malformed('a single zero block stands between two entries');
        }
        return;
      }
      block = parseBlock(raw);
      if (block.typeFlag === 'x' || block.typeFlag === 'X')
        local = parsePax(yield* takeSpecial(queue, block));
      else if (block.typeFlag === 'g') global = addGlobal(global, parsePax(yield* takeSpecial(queue, block)));
      else if (block.typeFlag === 'L') long.name = trimNul(yield* takeSpecial(queue, block));
      else if (block.typeFlag === 'K') long.linkName = trimNul(yield* takeSpecial(queue, block));
      else if (block.typeFlag === 'V') yield* skip(queue, block.size + padding(block.size));
      else break;
    }
    yield* decodeEntry(queue, raw, block, long, mergePax(global, local ?? noRecords()));
  }
}

function* decodeEntry(
  queue: ByteQueue,
  raw: Buffer,
  block: BlockHeader,
  long: LongNames,
  pax: PaxRecords,
): Generator<TarEvent, void> {
  const header = assembleHeader(block, long, pax);
  let stored = header.sizeBytes;
  if (header.type === 'file') {
    const sparse = yield* readSparse(queue, raw, block, pax, stored);
    if (sparse !== undefined) {
      checkSparse(sparse.map, sparse.realSize, sparse.storedSize);
      header.sparse = sparse.map;
      header.sizeBytes = sparse.realSize;
      stored = sparse.storedSize;
    }
  }
  yield { type: 'entry', header };
  if (header.sparse === undefined) yield* dataAt(queue, 0, stored);
  else for (const { offset, length } of header.sparse) yield* dataAt(queue, offset, length);
  yield* skipPadding(queue, padding(stored));
  yield entryEnd;
}

interface Sparse {
  map: SparseSegment[];
  realSize: number;
  /** Bytes of data that follow in the archive. */
  storedSize: number;
}

function* readSparse(
  queue: ByteQueue,
  raw: Buffer,
  block: BlockHeader,
  pax: PaxRecords,
  size: number,
): Generator<TarEvent, Sparse | undefined> {
  if (block.typeFlag === 'S') {
    if (!block.isGnu) throw malformed('a sparse entry has no GNU header');
    const flat = sparseSlots(raw, 386, 4);
    const realSize = number(raw, 483, 12, 'real size');
    for (let extended = raw[482] !== 0, read = blockSize; extended; read += blockSize) {
      if (read > maxSparseMapBytes) throw malformed('a sparse map is too large');
      const extension = yield* takeSlowly(queue, blockSize);
      for (const value of sparseSlots(extension, 0, 21)) flat.push(value);
      extended = extension[504] !== 0;
    }
    return { map: segments(flat), realSize, storedSize: size };
  }
  const format = paxSparseFormat(pax);
  if (format === undefined) return undefined;
  const realSizeKey = format === '1.0' ? 'GNU.sparse.realsize' : 'GNU.sparse.size';
  const realSizeValue = pax.values.get(realSizeKey);
  if (realSizeValue === undefined) throw malformed(`a sparse entry lacks ${realSizeKey}`);
  const realSize = paxInteger(realSizeValue, realSizeKey);
  if (format !== '1.0') return { map: paxSparseMap(pax), realSize, storedSize: size };

  const blocks = yield* takeSparseMap(queue, size + padding(size));
  return { map: sparseMapFromData(blocks), realSize, storedSize: size - blocks.length };
}

/** Format 1.0: the blocks of the map. Its first line says how many lines follow; the data begins in the next block. */
function* takeSparseMap(queue: ByteQueue, available: number): Generator<TarEvent, Buffer> {
  const limit = Math.min(maxSparseMapBytes, available);
  const blocks: Buffer[] = [];
  let linesWanted: number | undefined;
  for (let lines = 0, size = blockSize; linesWanted === undefined || lines < linesWanted; size += blockSize) {
    if (size > limit) throw malformed('a sparse map is too large or cut off');
    const block = yield* takeSlowly(queue, blockSize);
    linesWanted ??= sparseMapLines(block);
    for (const byte of block) if (byte === 0x0a) lines++;
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

function* dataAt(queue: ByteQueue, offset: number, length: number): Generator<TarEvent, void> {
  for (let done = 0; done < length; ) {
    const bytes = queue.takeContent(length - done);
    if (bytes.length === 0) {
      if (queue.ended) throw truncated();
      yield starved;
      continue;
    }
    yield { type: 'data', offset: offset + done, bytes };
    done += bytes.length;
  }
}

function* skip(queue: ByteQueue, length: number): Generator<TarEvent, void> {
  for (let left = length; left > 0; ) {
    const skipped = queue.takeSome(left).length;
    left -= skipped;
    if (skipped > 0) continue;
    if (queue.ended) throw truncated();
    yield starved;
  }
}

/** `docker build -f -` sends archives that end right after the content of the last file, and Go's reader takes them. */
function* skipPadding(queue: ByteQueue, length: number): Generator<TarEvent, void> {
  while (queue.length === 0 && length > 0) {
    if (queue.ended) return;
    yield starved;
  }
  yield* skip(queue, length);
}

function* takeSlowly(queue: ByteQueue, size: number): Generator<TarEvent, Buffer> {
  for (;;) {
    const bytes = queue.take(size);
    if (bytes !== undefined) return bytes;
    if (queue.ended) throw truncated();
    yield starved;
  }
}

function* takeSpecial(queue: ByteQueue, block: BlockHeader): Generator<TarEvent, Buffer> {
  if (block.size < 0 || block.size > maxSpecialBytes) {
    throw malformed(
      `the extended header of ${quoteName(block.name.toString())} has ${block.size} bytes; the most is ${maxSpecialBytes}`,
    );
  }
  const bytes = yield* takeSlowly(queue, block.size + padding(block.size));
  // A copy: header values outlive the chunk.
  return Buffer.from(bytes.subarray(0, block.size));
}

function trimNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

function truncated(): Error {
  return malformed('the input ends in the middle of an entry');
}
