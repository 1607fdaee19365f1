import { blockSize } from '#archive/tar/block.ts';
import type { TarEntryType, TarHeader } from '#archive/tar/header.ts';

/** What `tarHeader` needs to know of an entry; `readTar`'s headers fit. Owners and times default to zero. */
export type TarInput = Pick<TarHeader, 'type' | 'name'> &
  Partial<
    Pick<
      TarHeader,
      | 'nameBytes'
      | 'linkName'
      | 'linkNameBytes'
      | 'sizeBytes'
      | 'mode'
      | 'uid'
      | 'gid'
      | 'userName'
      | 'groupName'
      | 'modifiedAt'
      | 'deviceMajor'
      | 'deviceMinor'
      | 'xattrs'
    >
  >;

const typeFlags = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} satisfies Record<TarEntryType, string>;

/** The end of an archive: two blocks of zeros. */
export function tarTrailer(): Buffer {
  return Buffer.alloc(2 * blockSize);
}

/** Zeros that fill the last block of a file's content. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((blockSize - (sizeBytes % blockSize)) % blockSize);
}

/**
 * The header of one entry: plain ustar, after a PAX header for what ustar cannot say (long or non-ASCII names, large
 * numbers, parts of seconds, xattrs). The content and `tarPadding` follow. The same input gives the same bytes.
 */
export function tarHeader(entry: TarInput): Buffer {
  const name = entry.nameBytes ?? Buffer.from(entry.name);
  const linkName = entry.linkNameBytes ?? Buffer.from(entry.linkName ?? '');
  const size = entry.type === 'file' ? (entry.sizeBytes ?? 0) : 0;
  const { seconds, nanoseconds } = entry.modifiedAt ?? { seconds: 0, nanoseconds: 0 };

  const records: Buffer[] = [];
  const split = splitName(name);
  if (split === undefined) records.push(paxRecord('path', name));
  if (linkName.length > 100 || !isAscii(linkName)) records.push(paxRecord('linkpath', linkName));
  const integers = { size, uid: entry.uid ?? 0, gid: entry.gid ?? 0 };
  for (const [key, value] of Object.entries(integers)) {
    if (value > maxOctal(key === 'size' ? 12 : 8)) records.push(paxRecord(key, Buffer.from(String(value))));
  }
  if (nanoseconds !== 0 || seconds < 0 || seconds > maxOctal(12)) {
    records.push(paxRecord('mtime', Buffer.from(formatTime(seconds, nanoseconds))));
  }
  const userName = Buffer.from(entry.userName ?? '');
  const groupName = Buffer.from(entry.groupName ?? '');
  if (userName.length > 31 || !isAscii(userName)) records.push(paxRecord('uname', userName));
  if (groupName.length > 31 || !isAscii(groupName)) records.push(paxRecord('gname', groupName));
  for (const [key, value] of entry.xattrs ?? []) records.push(paxRecord(`SCHILY.xattr.${key}`, value));

  const fields: UstarFields = {
    ...(split ?? { prefix: Buffer.alloc(0), name: name.subarray(0, 100) }),
    typeFlag: typeFlags[entry.type],
    linkName: linkName.subarray(0, 100),
    mode: entry.mode ?? 0,
    ...integers,
    seconds: Math.max(0, seconds),
    userName: userName.subarray(0, 31),
    groupName: groupName.subarray(0, 31),
    deviceMajor: entry.deviceMajor ?? 0,
    deviceMinor: entry.deviceMinor ?? 0,
  };
  if (records.length === 0) return ustarBlock(fields);
  const pax = Buffer.concat(records);
  const paxBlock = ustarBlock({
    ...fields,
    prefix: Buffer.alloc(0),
    name: Buffer.from('././@PaxHeader'),
    linkName: Buffer.alloc(0),
    typeFlag: 'x',
    mode: 0o644,
    size: pax.length,
    seconds: 0,
    deviceMajor: 0,
    deviceMinor: 0,
  });
  return Buffer.concat([paxBlock, pax, tarPadding(pax.length), ustarBlock(fields)]);
}

/** One PAX record. Its length counts its own digits. */
export function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length > length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

interface UstarFields {
  prefix: Buffer;
  name: Buffer;
  linkName: Buffer;
  typeFlag: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  seconds: number;
  userName: Buffer;
  groupName: Buffer;
  deviceMajor: number;
  deviceMinor: number;
}

function ustarBlock(fields: UstarFields): Buffer {
  const block = Buffer.alloc(blockSize);
  block.set(fields.name, 0);
  octal(block, 100, 8, fields.mode);
  octal(block, 108, 8, fields.uid);
  octal(block, 116, 8, fields.gid);
  octal(block, 124, 12, fields.size);
  octal(block, 136, 12, fields.seconds);
  block.fill(' ', 148, 156);
  block.write(fields.typeFlag, 156, 'latin1');
  block.set(fields.linkName, 157);
  block.write('ustar\x0000', 257, 'latin1');
  block.set(fields.userName, 265);
  block.set(fields.groupName, 297);
  octal(block, 329, 8, fields.deviceMajor);
  octal(block, 337, 8, fields.deviceMinor);
  block.set(fields.prefix, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Numbers that do not fit stand in the PAX header; the field is then zero. */
function octal(block: Buffer, offset: number, length: number, value: number): void {
  const fitting = value > maxOctal(length) ? 0 : value;
  block.write(fitting.toString(8).padStart(length - 1, '0'), offset, 'latin1');
}

function maxOctal(fieldLength: number): number {
  return 8 ** (fieldLength - 1) - 1;
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 128);
}

/** ustar has 100 bytes for the name, and 155 more for what stands before a slash. */
function splitName(name: Buffer): { prefix: Buffer; name: Buffer } | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= 100) return { prefix: Buffer.alloc(0), name };
  const slash = name.indexOf('/', name.length - 101);
  if (slash < 1 || slash > 155 || slash >= name.length - 1) return undefined;
  return { prefix: name.subarray(0, slash), name: name.subarray(slash + 1) };
}

function formatTime(seconds: number, nanoseconds: number): string {
  if (nanoseconds === 0) return String(seconds);
  const fraction = (value: number): string => String(value).padStart(9, '0').replace(/0+$/, '');
  if (seconds >= 0) return `${seconds}.${fraction(nanoseconds)}`;
  return `-${-seconds - 1}.${fraction(1_000_000_000 - nanoseconds)}`;
}
