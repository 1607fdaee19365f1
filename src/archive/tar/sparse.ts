import { blockSize, number } from '#archive/tar/block.ts';
import { malformed } from '#archive/tar/malformed.ts';
import { type PaxRecords, paxInteger } from '#archive/tar/pax.ts';

/** A run of stored bytes and where in the file it belongs; what lies between runs reads as zeros. */
export interface SparseSegment {
  offset: number;
  length: number;
}

/** The map of one sparse file may take this much of the archive, whatever its form. */
export const maxSparseMapBytes = 1 << 20;
/** One segment of an old GNU map is 24 bytes, of a textual one at least 4. */
const maxSegments = maxSparseMapBytes / 4;

/** Which of GNU's PAX sparse formats the records announce (GNU tar manual, "Storing Sparse Files"). */
export function paxSparseFormat({ values, sparsePairs }: PaxRecords): '0.0' | '0.1' | '1.0' | undefined {
  const major = values.get('GNU.sparse.major')?.toString('latin1') ?? '';
  const minor = values.get('GNU.sparse.minor')?.toString('latin1') ?? '';
  if (major === '1' && minor === '0') return '1.0';
  if (major !== '' && major !== '0') throw malformed(`sparse format ${major}.${minor} is not known`);
  if (values.has('GNU.sparse.map')) return '0.1';
  return sparsePairs.length > 0 || values.has('GNU.sparse.size') ? '0.0' : undefined;
}

/** The map of formats 0.0 and 0.1, which lies in the records. */
export function paxSparseMap(records: PaxRecords): SparseSegment[] {
  const map = records.values.get('GNU.sparse.map');
  if (map === undefined) return segments(records.sparsePairs);
  const text = map.toString('latin1');
  return segments(
    text === '' ? [] : text.split(',').map((item) => paxInteger(Buffer.from(item), 'GNU.sparse.map')),
  );
}

/**
 * Format 1.0 begins the file's data with decimal lines, padded to whole blocks: the number of segments, then offset
 * and length of each.
 * @returns how many lines there are, from the first block
 */
export function sparseMapLines(firstBlock: Buffer): number {
  const end = firstBlock.indexOf(0x0a);
  const count = paxInteger(firstBlock.subarray(0, Math.max(end, 0)), 'the sparse map');
  if (count > maxSegments) throw malformed('a sparse map is too large');
  return 1 + 2 * count;
}

export function sparseMapFromData(blocks: Buffer): SparseSegment[] {
  const lines = blocks.toString('latin1').split('\n', sparseMapLines(blocks));
  return segments(lines.slice(1).map((line) => paxInteger(Buffer.from(line), 'the sparse map')));
}

/** Segments of an old GNU header (four, at 386) or of an extension block (21, at 0); unused ones are zero. */
export function sparseSlots(block: Buffer, offset: number, count: number): number[] {
  const flat: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + i * 24;
    if (block[at] === 0 || block[at + 12] === 0) break;
    flat.push(number(block, at, 12, 'sparse offset'), number(block, at + 12, 12, 'sparse length'));
  }
  return flat;
}

export function segments(flat: readonly number[]): SparseSegment[] {
  if (flat.length % 2 !== 0) throw malformed('a sparse map has an odd number of values');
  if (flat.length / 2 > maxSegments) throw malformed('a sparse map is too large');
  const result: SparseSegment[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    result.push({ offset: flat[i] as number, length: flat[i + 1] as number });
  }
  return result;
}

/** Segments must ascend, lie in the file and account for exactly the stored bytes. */
export function checkSparse(map: readonly SparseSegment[], realSize: number, storedSize: number): void {
  let position = 0;
  let stored = 0;
  for (const { offset, length } of map) {
    if (offset < position || length < 0 || offset + length > realSize) {
      throw malformed('a sparse map overlaps itself or the end of its file');
    }
    position = offset + length;
    stored += length;
  }
  if (stored !== storedSize) throw malformed('a sparse map does not match the stored data');
}

export function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}
