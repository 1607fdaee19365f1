import { execFileSync } from 'node:child_process';
import zlib from 'node:zlib';
import {
  archiveOf,
  entryBytes,
  pax,
  rawHeader,
  special,
  type TestEntry,
} from '#archive/testing/archive-bytes.ts';
import { tarPadding, tarTrailer } from '#archive/write-tar.ts';

/**
 * An archive that somebody made to do harm. `outside` stands for a directory beside the root that it is unpacked into, which has
 * a file `secret`; its absolute path is given, so that absolute attacks hit where it would hurt.
 */
export interface HostileArchive {
  name: string;
  bytes(outside: string): Buffer;
  /** `contained`: it may be unpacked, as all that it does stays below the root. */
  expected: 'refused' | 'contained';
}

/** Above the most bytes that the tests allow. */
export const bombBytes = 48 * 1024 * 1024;

const file = (name: string, content: string | Buffer = 'evil', more: Partial<TestEntry> = {}): TestEntry => ({
  type: 'file',
  name,
  content,
  mode: 0o644,
  ...more,
});
const dir = (name: string, more: Partial<TestEntry> = {}): TestEntry => ({
  type: 'directory',
  name,
  mode: 0o755,
  ...more,
});
const symlink = (name: string, linkName: string): TestEntry => ({ type: 'symlink', name, linkName });
const hardLink = (name: string, linkName: string): TestEntry => ({ type: 'hard-link', name, linkName });
const device = (name: string, deviceMajor: number, deviceMinor: number): TestEntry => ({
  type: 'character-device',
  name,
  mode: 0o666,
  deviceMajor,
  deviceMinor,
});
const withXattr = (entry: TestEntry, key: string, value: string | Buffer): TestEntry => ({
  ...entry,
  xattrs: new Map([[key, Buffer.from(value)]]),
});

const end = Buffer.alloc(1024);
const joined = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, end]);
/** A raw file entry; fields are put over an ordinary header. */
function raw(content: string, fields: Record<number, string | Uint8Array> = {}): Buffer {
  const size = content.length.toString(8).padStart(11, '0');
  return Buffer.concat([
    rawHeader({ 124: `${size}\0`, ...fields }),
    Buffer.from(content),
    tarPadding(content.length),
  ]);
}
const bomb = (): Buffer => archiveOf([file('bomb', Buffer.alloc(bombBytes))]);

const entries = (
  name: string,
  expected: HostileArchive['expected'],
  list: (outside: string) => readonly TestEntry[],
): HostileArchive => ({ name, expected, bytes: (outside) => archiveOf(list(outside)) });
const bytes = (name: string, expected: HostileArchive['expected'], make: () => Buffer): HostileArchive => ({
  name,
  expected,
  bytes: make,
});

export const hostileArchives: readonly HostileArchive[] = [
  // Names.
  entries('an absolute name', 'contained', (outside) => [file(`${outside}/secret`)]),
  entries('an absolute name with many slashes', 'contained', (outside) => [file(`////${outside}//secret`)]),
  entries('a name above the root', 'refused', () => [file('../outside/secret')]),
  entries('a name that goes in and out', 'refused', () => [dir('a'), file('a/../../outside/secret')]),
  entries('a directory above the root', 'refused', () => [dir('../outside', { mode: 0o777 })]),
  entries('an empty name', 'refused', () => [file('')]),
  entries('a part of a name that is too long', 'refused', () => [file('n'.repeat(300))]),
  entries('a name with control characters', 'contained', () => [file('a\n\x1b[31m\r\u202e')]),
  entries('the deepest name that there is', 'contained', () => [file(`${'d/'.repeat(2000)}f`)]),
  bytes('a PAX name above the root', 'refused', () =>
    joined(special('x', pax({ path: '../outside/secret' })), raw('evil')),
  ),
  bytes('a GNU long name above the root', 'refused', () =>
    joined(special('L', Buffer.from('../outside/secret\0')), raw('evil')),
  ),
  bytes('a PAX name with a NUL', 'refused', () =>
    joined(special('x', pax({ path: 'a\0/../../outside' })), raw('evil')),
  ),
  bytes('a global PAX name above the root', 'refused', () =>
    joined(special('g', pax({ path: '../outside/secret' })), raw('evil')),
  ),
  bytes('a prefix above the root', 'refused', () =>
    joined(raw('evil', { 0: 'secret\0', 345: '../outside' })),
  ),
  // Symlinks.
  entries('a file through a symlink to outside', 'refused', (outside) => [
    symlink('l', outside),
    file('l/secret'),
  ]),
  entries('a file through a relative symlink to outside', 'refused', () => [
    symlink('l', '../outside'),
    file('l/secret'),
  ]),
  entries('a file through two symlinks', 'refused', () => [
    symlink('a', '..'),
    symlink('b', 'a/outside'),
    file('b/secret'),
  ]),
  entries('a symlink in place of a directory in use', 'refused', (outside) => [
    dir('d'),
    file('d/x'),
    symlink('d', outside),
    file('d/secret'),
  ]),
  entries('a symlink that is swapped for another', 'refused', (outside) => [
    dir('good'),
    symlink('l', 'good'),
    file('l/x'),
    symlink('l', outside),
    file('l/secret'),
  ]),
  entries('a file over a symlink to a secret', 'contained', (outside) => [
    symlink('l', `${outside}/secret`),
    file('l', 'evil', { mode: 0o777 }),
  ]),
  entries('a directory over a symlink to outside', 'contained', (outside) => [
    symlink('l', outside),
    dir('l', { mode: 0o777, uid: 1000, gid: 1000 }),
    file('l/secret'),
  ]),
  entries('entries below symlinks in a circle', 'refused', () => [
    symlink('a', 'b'),
    symlink('b', 'a'),
    file('a/x'),
  ]),
  entries('a root that is a symlink', 'refused', (outside) => [symlink('./', outside)]),
  entries('a root that is a file', 'refused', () => [file('./')]),
  // Hard links.
  entries('a hard link above the root', 'refused', () => [hardLink('h', '../outside/secret')]),
  entries('a hard link to an absolute path', 'refused', (outside) => [hardLink('h', `${outside}/secret`)]),
  entries('a hard link through a symlink', 'refused', (outside) => [
    symlink('l', outside),
    hardLink('h', 'l/secret'),
  ]),
  entries('a hard link to a symlink, written to and changed', 'contained', (outside) => [
    symlink('l', `${outside}/secret`),
    { ...hardLink('h', 'l'), mode: 0o777, uid: 1000 },
    file('h'),
  ]),
  entries('a hard link to the root', 'refused', () => [hardLink('h', '/')]),
  entries('a hard link to a directory', 'refused', () => [dir('d'), hardLink('h', 'd')]),
  bytes('a PAX link target above the root', 'refused', () =>
    joined(
      special('x', pax({ linkpath: '../outside/secret' })),
      rawHeader({ 0: 'h\0', 156: '1', 157: 'ok', 124: '00000000000\0' }),
    ),
  ),
  // Devices and fifos.
  entries('a disk', 'contained', () => [{ ...device('disk', 8, 0), type: 'block-device' }]),
  entries('a file over a device', 'contained', () => [device('full', 1, 7), file('full')]),
  bytes('thousands of global PAX records', 'refused', () =>
    Buffer.concat([
      special('g', pax(Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, ''])))),
      ...Array.from({ length: 20_000 }, (_, index) => entryBytes(file(`f${index}`, ''))),
      tarTrailer(),
    ]),
  ),
  bytes('global PAX records that pile up', 'refused', () =>
    Buffer.concat([
      ...Array.from({ length: 40 }, (_, index) =>
        special('g', pax({ [`SCHILY.xattr.user.k${index}`]: Buffer.alloc(60_000) })),
      ),
      entryBytes(file('f', '')),
      tarTrailer(),
    ]),
  ),
  entries('a file over a fifo', 'contained', () => [{ type: 'fifo', name: 'p' }, file('p')]),
  entries('a hard link to a fifo, and a file over it', 'contained', () => [
    { type: 'fifo', name: 'p' },
    hardLink('q', 'p'),
    file('q'),
  ]),
  entries('an entry below a device', 'refused', () => [device('null', 1, 3), file('null/x')]),
  entries('a device number out of range', 'refused', () => [device('x', 5000, 0)]),
  // Whiteouts and overlayfs.
  entries('a whiteout of the parent', 'refused', () => [file('.wh...')]),
  entries('a whiteout of the directory itself', 'refused', () => [file('d/.wh..')]),
  entries('a whiteout of nothing', 'refused', () => [file('.wh.')]),
  entries('an entry in a whiteout', 'refused', () => [file('.wh.d/x')]),
  entries('a whiteout through a symlink to outside', 'refused', (outside) => [
    symlink('l', outside),
    file('l/.wh.secret', ''),
  ]),
  entries('an opaque mark through a symlink to outside', 'refused', (outside) => [
    symlink('l', outside),
    file('l/.wh..wh..opq', ''),
  ]),
  entries('a hard link to a whiteout by its name', 'refused', () => [
    file('.wh.a', ''),
    hardLink('h', '.wh.a'),
  ]),
  entries('a hard link that is a whiteout', 'contained', () => [file('a'), hardLink('.wh.a', 'a')]),
  entries('a device that is a whiteout', 'contained', () => [device('.wh.sda', 8, 0)]),
  entries('a redirect of overlayfs', 'contained', (outside) => [
    withXattr(dir('d'), 'trusted.overlay.redirect', outside),
  ]),
  entries('a metadata copy of overlayfs', 'contained', () => [
    withXattr(file('f', ''), 'trusted.overlay.metacopy', ''),
  ]),
  // Metadata.
  entries('a malformed file capability', 'refused', () => [
    withXattr(file('f'), 'security.capability', 'not a capability'),
  ]),
  entries('an attribute in a namespace that there is not', 'contained', () => [
    withXattr(file('f'), 'nonsense.x', 'x'),
  ]),
  entries('an attribute without a name', 'refused', () => [withXattr(file('f'), '', 'x')]),
  bytes('an attribute with a NUL in its name', 'refused', () =>
    joined(special('x', pax({ 'SCHILY.xattr.user.a\0b': 'x' })), raw('x')),
  ),
  entries('an attribute that is too large', 'refused', () => [
    withXattr(file('f'), 'trusted.big', Buffer.alloc(70_000)),
  ]),
  bytes('an owner that means "leave it"', 'refused', () =>
    joined(special('x', pax({ uid: '4294967295' })), raw('x')),
  ),
  bytes('an owner beyond 32 bits', 'refused', () =>
    joined(special('x', pax({ gid: '99999999999' })), raw('x')),
  ),
  bytes('a time before the universe', 'contained', () =>
    joined(special('x', pax({ mtime: '-999999999999999' })), raw('x')),
  ),
  bytes('a time that is no number', 'refused', () => joined(special('x', pax({ mtime: 'now' })), raw('x'))),
  entries('directories that nobody may enter', 'contained', () => [
    dir('d', { mode: 0 }),
    dir('d/e', { mode: 0 }),
    file('d/e/f', 'x', { mode: 0 }),
  ]),
  // Sizes.
  bytes('a size beyond the end', 'refused', () => joined(raw('short', { 124: '00077777777\0' }))),
  bytes('a negative size', 'refused', () => joined(raw('x', { 124: Buffer.alloc(12, 0xff) }))),
  bytes('a size beyond all numbers', 'refused', () =>
    joined(special('x', pax({ size: '9'.repeat(30) })), raw('x')),
  ),
  // Readers that took the other size would find the second header.
  bytes('an entry in the content that only a PAX size covers', 'contained', () =>
    joined(
      special('x', pax({ size: '1024' })),
      raw('', { 0: 'f\0' }),
      raw('evil', { 0: '../outside/secret\0' }),
    ),
  ),
  bytes('an entry in the content that a PAX size uncovers', 'refused', () =>
    joined(
      special('x', pax({ size: '0' })),
      raw(raw('evil', { 0: '../outside/secret\0' }).toString('latin1'), { 0: 'f\0' }),
    ),
  ),
  bytes('a size of a directory, which has no content', 'refused', () =>
    joined(raw('', { 0: 'd/\0', 156: '5', 124: '00000000512\0' }), raw('evil', { 0: '../outside/secret\0' })),
  ),
  bytes('a PAX size below zero', 'refused', () => joined(special('x', pax({ size: '-512' })), raw('x'))),
  bytes('a size of 95 bits', 'refused', () =>
    joined(raw('x', { 124: Buffer.from([0x80, ...Buffer.alloc(11, 0xff)]) })),
  ),
  bytes('a zstd window of 2 GiB', 'refused', () =>
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, ...Buffer.alloc(64)]),
  ),
  bytes('noise behind gzip', 'refused', () =>
    Buffer.concat([zlib.gzipSync(archiveOf([])), Buffer.from('noise')]),
  ),
  bytes('a gzip bomb', 'refused', () => zlib.gzipSync(bomb())),
  bytes('a zstd bomb', 'refused', () => zlib.zstdCompressSync(bomb())),
  bytes('an xz bomb', 'refused', () => execFileSync('xz', ['-1', '-c'], { input: bomb() })),
  bytes('a bzip2 bomb', 'refused', () => execFileSync('bzip2', ['-c'], { input: bomb() })),
  bytes('a bomb behind the end of the archive', 'refused', () =>
    zlib.gzipSync(Buffer.concat([archiveOf([file('f')]), Buffer.alloc(bombBytes)])),
  ),
  bytes('a sparse file beyond all disks', 'refused', () =>
    joined(special('x', pax({ 'GNU.sparse.size': '9000000000000000', 'GNU.sparse.map': '0,1' })), raw('x')),
  ),
  bytes('a sparse map that overlaps itself', 'refused', () =>
    joined(special('x', pax({ 'GNU.sparse.size': '10', 'GNU.sparse.map': '5,1,0,1' })), raw('xy')),
  ),
  bytes('a sparse map that goes on for ever', 'refused', () =>
    joined(
      special('x', pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' })),
      raw(`${'9'.repeat(12)}\n`.padEnd(1024, '0')),
    ),
  ),
  bytes('a PAX header of two megabytes', 'refused', () =>
    joined(special('x', pax({ comment: 'x'.repeat(2 << 20) })), raw('x')),
  ),
  bytes('a PAX record that is longer than its header', 'refused', () =>
    joined(special('x', Buffer.from('99999 path=x\n')), raw('x')),
  ),
  bytes('ten thousand long names for one entry', 'contained', () =>
    joined(...Array.from({ length: 10_000 }, () => special('L', Buffer.from('name\0'))), raw('x')),
  ),
  // Repetition and replacement.
  entries('one name two thousand times', 'contained', () =>
    Array.from({ length: 2000 }, () => file('same', 'x')),
  ),
  entries('a directory and a file in turn', 'contained', () =>
    Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? [file('d', 'x')] : [dir('d'), file('d/x')])).flat(),
  ),
  entries('a file replaced while its directory is', 'contained', () => [
    file('a/b/c/f', 'one'),
    file('a/b/c', 'two'),
    file('a/b', 'three'),
    file('a', 'four'),
  ]),
  // Form.
  bytes('a type that there is not', 'refused', () => joined(raw('x', { 156: 'Z' }))),
  bytes('a wrong checksum', 'refused', () => {
    const header = raw('x');
    header[0] = 0x7a;
    return joined(header);
  }),
  bytes('a lone zero block between two entries', 'refused', () =>
    joined(raw('x'), Buffer.alloc(512), raw('y', { 0: 'other\0' })),
  ),
  bytes('the beginning of an archive', 'refused', () =>
    archiveOf([file('f', Buffer.alloc(5000))]).subarray(0, 2048),
  ),
  bytes('an entry behind the end', 'contained', () =>
    Buffer.concat([archiveOf([file('f')]), entryBytes(file('../outside/secret')), end]),
  ),
  bytes('noise', 'refused', () => Buffer.alloc(4096, 'noise')),
  bytes('gzip of half an archive', 'refused', () => zlib.gzipSync(bomb()).subarray(0, 5000)),
];
