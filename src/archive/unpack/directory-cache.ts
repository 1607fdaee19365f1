import fs from 'node:fs';
import { malformed, quoteName } from '#archive/tar/malformed.ts';
import { splitPath } from '#archive/unpack/entry-path.ts';
import {
  type BytePath,
  changeMode,
  changeOwnerAt,
  closeFd,
  makeDirectoryAt,
  openDirectoryAt,
  openDirectoryInRoot,
  statusAt,
  unlinkAt,
} from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';
import { setXattr } from '#sys/xattr.ts';

/** Open directories; entries come sorted by directory, so few are needed. At least 2: a hard link needs two at once. */
const capacity = 64;

/**
 * Opens the directories that entries go into, below the root whatever symlinks the archive has made there, and keeps
 * the last ones open: one entry then costs no path walk. A cached descriptor is right until the tree changes under
 * it, so whoever removes something from the tree calls `forget`.
 */
export class DirectoryCache implements Disposable {
  readonly #rootFd: number;
  readonly #hasWhiteouts: boolean;
  readonly #fds = new Map<BytePath, number>();
  /** Where the open directories really are, as far as somebody asked. */
  readonly #places = new Map<BytePath, BytePath | undefined>();
  #rootPlace: BytePath | undefined;
  #stale = false;

  /** Told of each directory that the archive itself does not have (not yet). */
  onMade: (path: BytePath) => void = () => {};

  /** @param hasWhiteouts whether a character device 0/0 in the tree means "not here" */
  constructor(rootFd: number, hasWhiteouts: boolean) {
    this.#rootFd = rootFd;
    this.#hasWhiteouts = hasWhiteouts;
  }

  /** Descriptors given out before stay open until the next `open` after `settle`. */
  forget(): void {
    this.#stale = true;
  }

  /** Call between two entries, when no descriptor is in use. */
  settle(): void {
    if (this.#stale) this[Symbol.dispose]();
    this.#stale = false;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds.values()) closeFd(fd);
    this.#fds.clear();
    this.#places.clear();
  }

  /**
   * The path of an open directory below the root without any symlink in it.
   * @returns undefined when it is too long for the kernel to tell
   */
  placeOf(path: BytePath): BytePath | undefined {
    if (path === '') return '';
    if (this.#places.has(path)) return this.#places.get(path);
    const fd = this.#fds.get(path);
    const place = fd === undefined ? undefined : this.#placeOfFd(fd);
    this.#places.set(path, place);
    return place;
  }

  #placeOfFd(fd: number): BytePath | undefined {
    this.#rootPlace ??= fs.readlinkSync(`/proc/self/fd/${this.#rootFd}`, 'latin1');
    let whole: string;
    try {
      whole = fs.readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
    } catch (error) {
      if (hasCode(error, 'ENAMETOOLONG')) return undefined;
      throw error;
    }
    return whole.startsWith(`${this.#rootPlace}/`) ? whole.slice(this.#rootPlace.length + 1) : undefined;
  }

  /** Takes over an open directory. */
  add(path: BytePath, fd: number): void {
    this.#drop(path);
    if (this.#fds.size >= capacity) {
      for (const oldest of this.#fds.keys()) {
        this.#drop(oldest);
        break;
      }
    }
    this.#fds.set(path, fd);
  }

  #drop(path: BytePath): void {
    const fd = this.#fds.get(path);
    if (fd === undefined) return;
    this.#fds.delete(path);
    this.#places.delete(path);
    closeFd(fd);
  }

  #cached(path: BytePath): number | undefined {
    const fd = this.#fds.get(path);
    if (fd === undefined) return undefined;
    // Last used goes last.
    this.#fds.delete(path);
    this.#fds.set(path, fd);
    return fd;
  }

  /** @returns a descriptor that the cache owns. @throws SystemError, ENOENT when it is not there */
  openExisting(path: BytePath): number {
    if (path === '') return this.#rootFd;
    const cached = this.#cached(path);
    if (cached !== undefined) return cached;
    const fd = openDirectoryInRoot(this.#rootFd, path);
    this.add(path, fd);
    return fd;
  }

  /**
   * As `openExisting`, but makes what is missing: 0755, owned by root. A whiteout in the way becomes an opaque
   * directory: the archive hides what is below and then puts something new there.
   * @throws InvalidParameter when something else than a directory is in the way
   */
  open(path: BytePath): number {
    try {
      return this.openExisting(path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
    const fd = this.#make(path);
    this.add(path, fd);
    return fd;
  }

  /** Walks down from the root with one step for each part, so that deep paths cost no more than their length. */
  #make(path: BytePath): number {
    let fd = openDirectoryAt(this.#rootFd, '.');
    try {
      for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
        const prefix = end === -1 ? path : path.slice(0, end);
        const next = this.#step(fd, prefix);
        closeFd(fd);
        fd = next;
        if (end === -1) return fd;
      }
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  #step(parentFd: number, path: BytePath): number {
    const { name } = splitPath(path);
    try {
      return openDirectoryAt(parentFd, name);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) {
        this.onMade(path);
        return makeDirectory(parentFd, name);
      }
      if (!hasCode(error, 'ENOTDIR', 'ELOOP')) throw error;
    }
    const status = statusAt(parentFd, name);
    if (status.isSymlink) {
      try {
        return openDirectoryInRoot(this.#rootFd, path);
      } catch (error) {
        if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
        throw malformed(`an entry lies below ${quoteName(path)}, a symlink that leads to no directory`);
      }
    }
    if (!(this.#hasWhiteouts && status.isWhiteout)) {
      throw malformed(`an entry lies below ${quoteName(path)}, which is not a directory`);
    }
    unlinkAt(parentFd, name);
    this.onMade(path);
    const fd = makeDirectory(parentFd, name);
    markOpaque(fd);
    return fd;
  }
}

/** An ordinary directory; the owner is set because a setgid parent would hand down its group. */
function makeDirectory(parentFd: number, name: BytePath): number {
  makeDirectoryAt(parentFd, name, 0o755);
  const fd = openDirectoryAt(parentFd, name);
  changeOwnerAt(fd, '', 0, 0);
  changeMode(fd, 0o755);
  return fd;
}

/** overlayfs: nothing of the layers below shows through this directory. */
export function markOpaque(directoryFd: number): void {
  setXattr(directoryFd, 'trusted.overlay.opaque', Buffer.from('y'));
}
