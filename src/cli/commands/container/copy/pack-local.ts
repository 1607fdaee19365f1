import type { Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import type { TarEntryType } from '#archive/read-tar.ts';
import { type TarInput, tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import { DhowError } from '#errors/error.ts';

const pieceBytes = 256 * 1024;

/**
 * A tar archive of a local file or directory. Extended attributes are not in it, as Node does not read them; sockets are left
 * out, as by every tar.
 * @param path no link is followed, except on the way to the last name
 * @param name of the first entry
 */
export async function* packLocal(path: string, name: string): AsyncGenerator<Buffer> {
  const linkNames = new Map<string, Buffer>();
  yield* packNode(Buffer.from(path), Buffer.from(name), linkNames);
  yield tarTrailer();
}

async function* packNode(path: Buffer, name: Buffer, linkNames: Map<string, Buffer>): AsyncGenerator<Buffer> {
  const stats = await lstat(path);
  const type = typeOf(stats);
  if (type === undefined) return;
  const entry = entryOf(stats, name);
  if (type === 'directory') {
    yield tarHeader({ ...entry, type, nameBytes: Buffer.concat([name, Buffer.from('/')]) });
    const children = await readdir(path, { encoding: 'buffer' });
    for (const child of children.sort(Buffer.compare)) {
      yield* packNode(join(path, child), join(name, child), linkNames);
    }
    return;
  }
  const key = `${stats.dev}:${stats.ino}`;
  const first = stats.nlink > 1 ? linkNames.get(key) : undefined;
  if (first !== undefined) {
    yield tarHeader({ ...entry, type: 'hard-link', linkNameBytes: first });
    return;
  }
  if (stats.nlink > 1) linkNames.set(key, name);
  if (type === 'file') yield* packFile(path, entry);
  else if (type === 'symlink') {
    yield tarHeader({ ...entry, type, linkNameBytes: await readlink(path, { encoding: 'buffer' }) });
  } else {
    yield tarHeader({ ...entry, type, ...deviceNumbers(stats.rdev) });
  }
}

/** The size is that of the moment of opening. @throws InvalidParameter when the file shrinks meanwhile */
async function* packFile(path: Buffer, entry: Omit<TarInput, 'type'>): AsyncGenerator<Buffer> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  yield tarHeader({ ...entry, type: 'file', sizeBytes: size });
  for (let done = 0; done < size; ) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size - done));
    const { bytesRead } = await file.read(piece, 0, piece.length, done);
    if (bytesRead === 0) throw new DhowError('InvalidParameter', `${path} became shorter while it was read`);
    done += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
  const padding = tarPadding(size);
  if (padding.length > 0) yield padding;
}

function entryOf(stats: Stats, name: Buffer): Omit<TarInput, 'type'> {
  const seconds = Math.floor(stats.mtimeMs / 1000);
  return {
    name: '',
    nameBytes: name,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    modifiedAt: { seconds, nanoseconds: Math.round((stats.mtimeMs - seconds * 1000) * 1e6) },
  };
}

function typeOf(stats: Stats): Exclude<TarEntryType, 'hard-link'> | undefined {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character-device';
  return stats.isBlockDevice() ? 'block-device' : undefined;
}

/** makedev(3) backwards, for numbers below 2^32. */
function deviceNumbers(device: number): { deviceMajor: number; deviceMinor: number } {
  return {
    deviceMajor: (device >>> 8) & 0xfff,
    deviceMinor: (device & 0xff) | ((device >>> 12) & 0xfff00),
  };
}

function join(directory: Buffer, child: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), child]);
}
