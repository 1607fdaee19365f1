import type { BlockHeader } from '#archive/tar/block.ts';
import { malformed, quoteName } from '#archive/tar/malformed.ts';
import { type PaxRecords, paxInteger, paxTime } from '#archive/tar/pax.ts';
import type { SparseSegment } from '#archive/tar/sparse.ts';

export type TarEntryType =
  | 'file'
  | 'hard-link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo';

/** What an archive says about one entry, after PAX records and GNU long names. Names are as a stranger wrote them. */
export interface TarHeader {
  type: TarEntryType;
  /** May be absolute, have `..` or be any bytes: see `nameBytes`; this is their UTF-8 reading. */
  name: string;
  nameBytes: Buffer;
  /** Target of a hard link or symlink, else empty. */
  linkName: string;
  linkNameBytes: Buffer;
  /** Bytes of the file's content, holes included; 0 for everything but files. */
  sizeBytes: number;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  userName: string;
  groupName: string;
  modifiedAt: { seconds: number; nanoseconds: number };
  deviceMajor: number;
  deviceMinor: number;
  /** From `SCHILY.xattr.` records, which is what all container tools write. */
  xattrs: ReadonlyMap<string, Buffer>;
  /** Present for a sparse file: where the stored bytes belong. */
  sparse?: SparseSegment[];
}

/** Linux PATH_MAX without its NUL: nothing longer can be created. */
const maxNameBytes = 4095;

const empty = Buffer.alloc(0);
const noXattrs: ReadonlyMap<string, Buffer> = new Map();
const xattrPrefix = 'SCHILY.xattr.';

const types: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hard-link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
};

export interface LongNames {
  name?: Buffer | undefined;
  linkName?: Buffer | undefined;
}

/** Joins the sources of an entry's metadata: PAX wins over GNU long names, these over the header's own fields. */
export function assembleHeader(block: BlockHeader, long: LongNames, pax: PaxRecords): TarHeader {
  const value = (key: string): Buffer | undefined => {
    const found = pax.values.get(key);
    return found === undefined || found.length === 0 ? undefined : found;
  };
  const integer = (key: string, otherwise: number): number => {
    const found = value(key);
    return found === undefined ? otherwise : paxInteger(found, key);
  };
  const nameBytes = value('GNU.sparse.name') ?? value('path') ?? long.name ?? block.name;
  const linkNameBytes = value('linkpath') ?? long.linkName ?? block.linkName;
  const name = checkedName(nameBytes, 'name');
  const linkName = checkedName(linkNameBytes, 'link target');

  let type = types[block.typeFlag];
  if (type === undefined) {
    throw malformed(`entry ${quoteName(name)} has the unknown type ${JSON.stringify(block.typeFlag)}`);
  }
  // Before POSIX had a type for it, a directory was a file whose name ends with a slash.
  if (block.typeFlag === '\0' && name.endsWith('/')) type = 'directory';
  const hasLink = type === 'hard-link' || type === 'symlink';
  if (hasLink && linkName === '') throw malformed(`link ${quoteName(name)} has no target`);
  if (block.mode < 0 || block.size < 0)
    throw malformed(`entry ${quoteName(name)} has a negative mode or size`);

  const mtime = value('mtime');
  return {
    type,
    name,
    nameBytes,
    linkName: hasLink ? linkName : '',
    linkNameBytes: hasLink ? linkNameBytes : empty,
    sizeBytes: type === 'file' ? integer('size', block.size) : 0,
    mode: block.mode & 0o7777,
    uid: owner(integer('uid', block.uid), name),
    gid: owner(integer('gid', block.gid), name),
    userName: value('uname')?.toString() ?? block.userName,
    groupName: value('gname')?.toString() ?? block.groupName,
    modifiedAt: mtime ? paxTime(mtime, 'mtime') : { seconds: block.mtimeSeconds, nanoseconds: 0 },
    deviceMajor: block.deviceMajor,
    deviceMinor: block.deviceMinor,
    xattrs: xattrsOf(pax),
  };
}

function checkedName(bytes: Buffer, what: string): string {
  if (bytes.length === 0) return '';
  if (bytes.length > maxNameBytes) {
    throw malformed(`a ${what} is ${bytes.length} bytes long; the most is ${maxNameBytes}`);
  }
  if (bytes.includes(0)) throw malformed(`a ${what} contains a NUL`);
  return bytes.toString();
}

/** The largest id is chown's "leave as it is". */
function owner(id: number, name: string): number {
  if (id >= 0 && id < 0xffff_ffff) return id;
  throw malformed(`entry ${quoteName(name)} has the owner ${id}, which is out of range`);
}

function xattrsOf(pax: PaxRecords): ReadonlyMap<string, Buffer> {
  let xattrs: Map<string, Buffer> | undefined;
  for (const [key, value] of pax.values) {
    if (!key.startsWith(xattrPrefix)) continue;
    xattrs ??= new Map();
    xattrs.set(key.slice(xattrPrefix.length), value);
  }
  return xattrs ?? noXattrs;
}
