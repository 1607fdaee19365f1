import { malformed } from '#archive/tar/malformed.ts';

/** POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format". */
export const blockSize = 512;

const empty = Buffer.alloc(0);

/** The fields of one 512-byte header as they stand there, before PAX records and GNU long names are applied. */
export interface BlockHeader {
  typeFlag: string;
  name: Buffer;
  linkName: Buffer;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeSeconds: number;
  userName: string;
  groupName: string;
  deviceMajor: number;
  deviceMinor: number;
  /** Only GNU's header has room for sparse maps. */
  isGnu: boolean;
}

export function isZeroBlock(block: Buffer): boolean {
  for (let i = 0; i < blockSize; i++) if (block[i] !== 0) return false;
  return true;
}

export function parseBlock(block: Buffer): BlockHeader {
  verifyChecksum(block);
  const magic = block.toString('latin1', 257, 265);
  const isPosix = magic.startsWith('ustar\0');
  const isGnu = magic === 'ustar  \0';
  const hasDevices = isPosix || isGnu;
  const isStar = isPosix && block.toString('latin1', 508, 512) === 'tar\0';
  let name = text(block, 0, 100);
  if (isPosix) {
    const prefix = text(block, 345, isStar ? 131 : 155);
    if (prefix.length > 0) name = Buffer.concat([prefix, Buffer.from('/'), name]);
  }
  return {
    typeFlag: String.fromCharCode(block[156] ?? 0),
    name,
    linkName: text(block, 157, 100),
    mode: number(block, 100, 8, 'mode'),
    uid: number(block, 108, 8, 'uid'),
    gid: number(block, 116, 8, 'gid'),
    size: number(block, 124, 12, 'size'),
    mtimeSeconds: number(block, 136, 12, 'mtime'),
    userName: hasDevices ? block.toString('utf8', 265, endOf(block, 265, 32)) : '',
    groupName: hasDevices ? block.toString('utf8', 297, endOf(block, 297, 32)) : '',
    deviceMajor: hasDevices ? number(block, 329, 8, 'device major') : 0,
    deviceMinor: hasDevices ? number(block, 337, 8, 'device minor') : 0,
    isGnu,
  };
}

/** The sum over all bytes with the checksum field taken as blanks; old tars summed signed bytes. */
function verifyChecksum(block: Buffer): void {
  let sum = 0;
  let highBytes = 0;
  for (let i = 0; i < blockSize; i++) {
    const byte = block[i] as number;
    sum += byte;
    if (byte > 127) highBytes++;
  }
  let field = 0;
  let highInField = 0;
  for (let i = 148; i < 156; i++) {
    const byte = block[i] as number;
    field += byte;
    if (byte > 127) highInField++;
  }
  const unsigned = sum - field + 8 * 32;
  const signed = unsigned - 256 * (highBytes - highInField);
  const stored = number(block, 148, 8, 'checksum');
  if (stored !== unsigned && stored !== signed) {
    throw malformed('a header has a wrong checksum; the input is damaged or is not a tar archive');
  }
}

/** Bytes up to the first NUL. */
function text(block: Buffer, offset: number, length: number): Buffer {
  return block[offset] === 0 ? empty : Buffer.from(block.subarray(offset, endOf(block, offset, length)));
}

function endOf(block: Buffer, offset: number, length: number): number {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end++;
  return end;
}

/** Octal digits padded with blanks or NULs, or GNU's base-256 when the first bit is set. */
export function number(block: Buffer, offset: number, length: number, field: string): number {
  const first = block[offset] as number;
  if (first & 0x80) return base256(block, offset, length, field);
  let i = offset;
  const end = offset + length;
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = (block[i] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; i < end; i++) {
    if (block[i] !== 0x20 && block[i] !== 0)
      throw malformed(`the ${field} of a header is no number; the input is damaged or is not a tar archive`);
  }
  return value;
}

function base256(block: Buffer, offset: number, length: number, field: string): number {
  const first = block[offset] as number;
  const negative = (first & 0x40) !== 0;
  let value = BigInt(negative ? first | ~0xff : first & 0x3f);
  for (let i = offset + 1; i < offset + length; i++) value = (value << 8n) | BigInt(block[i] as number);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw malformed(`the ${field} field is out of range`);
  return result;
}
