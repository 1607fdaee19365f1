import fs from 'node:fs';
import { packEntry } from '#archive/pack/pack-entry.ts';
import { readContent } from '#archive/pack/read-content.ts';
import type { TarEntryType } from '#archive/tar/header.ts';
import { tarHeader, tarTrailer } from '#archive/write-tar.ts';
import {
  type BytePath,
  closeFd,
  listDirectory,
  type NodeStatus,
  openDirectoryAt,
  openDirectoryInRoot,
  statusAt,
} from '#sys/file-tree.ts';
import type { IdMapping } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';
import { openRoot } from '#sys/open-in-root.ts';
import { isOpaqueAt } from '#sys/overlay.ts';

const { S_IFDIR, S_IFMT, S_IFSOCK } = fs.constants;

export interface PackOptions {
  /**
   * `overlay`: the directory is an upper or layer directory, whose whiteouts and opaque directories become OCI's
   * `.wh.` entries (image-spec layer.md). `literal`: everything is what it looks like.
   */
  whiteouts: 'overlay' | 'literal';
  /** Below the directory: what to pack, a directory with its content or anything else. Symlinks on the way stay inside. */
  path: string;
  /** What `path` is called in the archive; '' leaves its own entry out and puts its content at the archive's top. */
  name: string;
  /** Absolute paths that are left out when nothing is in them: what a runtime made to mount on. */
  mountPoints?: ReadonlySet<string>;
  /** Of a user namespace that sees the tree: owners are told as they are there. */
  mapping?: IdMapping;
}

interface Frame {
  fd: number;
  /** In the archive; empty or ending with a slash. */
  prefix: BytePath;
  names: BytePath[];
  next: number;
}

/**
 * Yields a tar archive of a tree, with synchronous calls. The same tree gives the same bytes: names are sorted, and
 * nothing but names, types, modes, owners, times, attributes and contents goes in. Sockets are left out, as by every tar.
 * A tree that changes meanwhile gives a valid archive of some state between; a file that shrinks is filled up with zeros.
 * @throws SystemError, ENOENT when `path` is not there
 */
export function* packTree(directory: string, options: PackOptions): Generator<Buffer, void, void> {
  const rootFd = openRoot(directory);
  const frames: Frame[] = [];
  const linkNames = new Map<string, BytePath>();
  const name = Buffer.from(options.name).toString('latin1');
  try {
    yield* packTop(rootFd, frames);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const child = frame.names[frame.next++];
      if (child === undefined) {
        closeFd(frame.fd);
        frames.pop();
        continue;
      }
      yield* packNode(frame.fd, child, frame.prefix + child, frames);
    }
    yield tarTrailer();
  } finally {
    for (const frame of frames) closeFd(frame.fd);
    fs.closeSync(rootFd);
  }

  function* packTop(root: number, stack: Frame[]): Generator<Buffer, void, void> {
    const path = Buffer.from(options.path).toString('latin1');
    const { parent, last } = splitLast(path);
    const parentFd = openDirectoryInRoot(root, parent);
    try {
      if (last === '.' && name === '') pushDirectory(openDirectoryAt(parentFd, '.'), '', stack);
      else yield* packNode(parentFd, last, name, stack);
    } finally {
      closeFd(parentFd);
    }
  }

  function* packNode(
    parentFd: number,
    child: BytePath,
    entryName: BytePath,
    stack: Frame[],
  ): Generator<Buffer, void, void> {
    const { mapping } = options;
    const status = statusOrGone(parentFd, child, stack.length === 0);
    if (status === undefined || (status.mode & S_IFMT) === S_IFSOCK) return;
    if (options.whiteouts === 'overlay' && status.isWhiteout) {
      yield whiteout(entryName, status);
      return;
    }
    const isMountPoint = options.mountPoints?.has(`/${entryName}`) === true;
    if (isMountPoint && status.sizeBytes === 0 && status.isFile) return;
    if (status.isDirectory) {
      const fd = openDirectoryAt(parentFd, child);
      if (isMountPoint && listDirectory(fd).length === 0) {
        closeFd(fd);
        return;
      }
      if (entryName !== '') {
        yield packEntry({ parentFd, child, name: withSlash(entryName), type: 'directory', status, mapping });
      }
      const prefix = entryName === '' ? '' : withSlash(entryName);
      if (options.whiteouts === 'overlay' && isOpaqueAt(parentFd, child)) {
        yield whiteout(`${prefix}.wh..opq`, status);
      }
      pushDirectory(fd, prefix, stack);
      return;
    }
    const first = firstName(status, entryName);
    if (first !== undefined) {
      yield packEntry({
        parentFd,
        child,
        name: entryName,
        type: 'hard-link',
        status,
        mapping,
        linkName: first,
      });
      return;
    }
    const type = typeOf(status);
    if (type === 'file') yield* readContent({ parentFd, child, name: entryName, status, mapping });
    else yield packEntry({ parentFd, child, name: entryName, type, status, mapping });
  }

  /** The name under which a file with several names has gone in already. */
  function firstName(status: NodeStatus, entryName: BytePath): BytePath | undefined {
    if (status.linkCount < 2) return undefined;
    const key = `${status.fileSystem}:${status.inode}`;
    const known = linkNames.get(key);
    if (known === undefined) linkNames.set(key, entryName);
    return known;
  }
}

function pushDirectory(fd: number, prefix: BytePath, frames: Frame[]): void {
  frames.push({ fd, prefix, names: listDirectory(fd).sort(), next: 0 });
}

/** Who asked for a name wants to know that it is not there; in a tree it may go while we walk. */
function statusOrGone(parentFd: number, child: BytePath, required: boolean): NodeStatus | undefined {
  try {
    return statusAt(parentFd, child);
  } catch (error) {
    if (!required && hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** An empty file whose name says what is hidden. Its owner and time are those of what hides. */
function whiteout(path: BytePath, { uid, gid, modifiedAt }: NodeStatus): Buffer {
  const { parent, last } = splitLast(path);
  const name = Buffer.from(`${parent === '.' ? '' : `${parent}/`}.wh.${last}`, 'latin1');
  return tarHeader({ type: 'file', name: '', nameBytes: name, mode: 0, uid, gid, modifiedAt });
}

function typeOf({ mode }: NodeStatus): TarEntryType {
  switch (mode & S_IFMT) {
    case fs.constants.S_IFLNK:
      return 'symlink';
    case fs.constants.S_IFCHR:
      return 'character-device';
    case fs.constants.S_IFBLK:
      return 'block-device';
    case fs.constants.S_IFIFO:
      return 'fifo';
    case S_IFDIR:
      return 'directory';
    default:
      return 'file';
  }
}

function withSlash(name: BytePath): BytePath {
  return name.endsWith('/') ? name : `${name}/`;
}

function splitLast(path: BytePath): { parent: BytePath; last: BytePath } {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  const last = trimmed.slice(slash + 1);
  if (last === '' || last === '.' || last === '..')
    return { parent: trimmed === '' ? '/' : trimmed, last: '.' };
  return { parent: slash === -1 ? '.' : trimmed.slice(0, slash) || '/', last };
}
