import fs from 'node:fs';
import { type TarInput, tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import type { IgnoreRules } from '#dockerignore/ignore-rules.ts';
import { DhowError } from '#errors/error.ts';

/** Small files go out together. */
const pieceBytes = 512 * 1024;

/** A tar archive of files that are in memory. */
export async function* packFiles(files: readonly ContextFile[]): AsyncGenerator<Buffer> {
  yield Buffer.concat([...files.flatMap((file) => [...packInMemory(file)]), tarTrailer()]);
}

export interface ContextFile {
  name: string;
  bytes: Uint8Array;
}

export function* packInMemory({ name, bytes }: ContextFile): Generator<Buffer> {
  yield tarHeader({ type: 'file', name, mode: 0o644, sizeBytes: bytes.length });
  yield Buffer.from(bytes);
  yield tarPadding(bytes.length);
}

/** A directory that goes into the archive. */
export interface ContextRoot {
  directory: string;
  /** Where in the archive; empty or ending with a slash. */
  prefix: string;
  rules: IgnoreRules | undefined;
  /** Paths that go in whatever the rules say: the Dockerfile and the ignore file. */
  kept: ReadonlySet<string>;
}

/**
 * A tar archive of build contexts, without what the ignore rules leave out. Files belong to root, as the image's will; sockets
 * are left out. Calls are synchronous: there is nothing else to do meanwhile, and for many small files they are ten times as fast.
 */
export async function* packContext(
  roots: readonly ContextRoot[],
  extra: readonly ContextFile[],
): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for (const piece of walk()) {
    pieces.push(piece);
    length += piece.length;
    if (length < pieceBytes) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    length = 0;
  }
  yield Buffer.concat([...pieces, tarTrailer()]);

  function* walk(): Generator<Buffer> {
    for (const root of roots) yield* packRoot(root);
    for (const file of extra) yield* packInMemory(file);
  }
}

function* packRoot({ directory, prefix, rules, kept }: ContextRoot): Generator<Buffer> {
  const linkNames = new Map<string, string>();
  if (prefix !== '') yield tarHeader({ type: 'directory', name: prefix, mode: 0o755 });
  yield* packDirectory('');

  function* packDirectory(inside: string): Generator<Buffer> {
    const names = fs.readdirSync(inside === '' ? directory : `${directory}/${inside}`).sort();
    for (const name of names) yield* packNode(inside === '' ? name : `${inside}/${name}`);
  }

  function* packNode(path: string): Generator<Buffer> {
    const excluded = rules?.excludes(path) === true && !kept.has(path);
    const place = `${directory}/${path}`;
    const name = prefix + path;
    const stats = fs.lstatSync(place);
    if (stats.isDirectory()) {
      if (excluded && rules?.skipsDirectory(path) && !keepsBelow(path)) return;
      if (!excluded) yield tarHeader({ ...entryOf(stats, `${name}/`), type: 'directory' });
      yield* packDirectory(path);
      return;
    }
    if (excluded) return;
    const entry = entryOf(stats, name);
    if (stats.isSymbolicLink()) {
      const linkNameBytes = fs.readlinkSync(place, { encoding: 'buffer' });
      yield tarHeader({ ...entry, type: 'symlink', linkNameBytes });
    } else if (stats.isFile()) {
      const key = `${stats.dev}:${stats.ino}`;
      const first = stats.nlink > 1 ? linkNames.get(key) : undefined;
      if (first !== undefined) {
        yield tarHeader({ ...entry, type: 'hard-link', linkName: first });
        return;
      }
      if (stats.nlink > 1) linkNames.set(key, name);
      yield* packFile(place, entry);
    } else if (stats.isFIFO()) {
      yield tarHeader({ ...entry, type: 'fifo' });
    }
  }

  function keepsBelow(path: string): boolean {
    for (const own of kept) if (own.startsWith(`${path}/`)) return true;
    return false;
  }
}

/** The size is that of the moment of opening. @throws InvalidParameter when the file shrinks meanwhile or cannot be read */
export function* packFile(place: string, entry: Omit<TarInput, 'type'>): Generator<Buffer> {
  let fd: number;
  try {
    fd = fs.openSync(place, 'r');
  } catch (cause) {
    throw new DhowError(
      'InvalidParameter',
      `cannot read ${place} of the build context: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  try {
    const { size } = fs.fstatSync(fd);
    yield tarHeader({ ...entry, type: 'file', sizeBytes: size });
    for (let done = 0; done < size; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size - done));
      const count = fs.readSync(fd, piece, 0, piece.length, done);
      if (count === 0) throw new DhowError('InvalidParameter', `${place} became shorter while it was read`);
      done += count;
      yield piece.subarray(0, count);
    }
    const padding = tarPadding(size);
    if (padding.length > 0) yield padding;
  } finally {
    fs.closeSync(fd);
  }
}

function entryOf(stats: fs.Stats, name: string): Omit<TarInput, 'type'> {
  const seconds = Math.floor(stats.mtimeMs / 1000);
  return {
    name,
    mode: stats.mode & 0o7777,
    modifiedAt: { seconds, nanoseconds: Math.round((stats.mtimeMs - seconds * 1000) * 1e6) },
  };
}
