import fs from 'node:fs';
import { ownersOutside } from '#archive/owners/file-owners.ts';
import type { TarRecorder } from '#archive/record/recorder.ts';
import type { TarHeader } from '#archive/tar/header.ts';
import { malformed, quoteName } from '#archive/tar/malformed.ts';
import { DirectoryCache, markOpaque } from '#archive/unpack/directory-cache.ts';
import { cleanPath, parseWhiteout, splitPath, type Whiteout } from '#archive/unpack/entry-path.ts';
import { applyToName, applyToOpen } from '#archive/unpack/metadata.ts';
import { unpackError } from '#archive/unpack/unpack-error.ts';
import { DhowError } from '#errors/error.ts';
import {
  type BytePath,
  closeFd,
  linkAt,
  makeDirectoryAt,
  makeNodeAt,
  openAt,
  openDirectoryAt,
  renameAt,
  setTimesAt,
  statusAt,
  symlinkAt,
  truncate,
  unlinkAt,
  writeAt,
} from '#sys/file-tree.ts';
import type { IdMapping } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';
import { openRoot } from '#sys/open-in-root.ts';
import { removeTreeAt } from '#sys/remove-tree.ts';

const { O_CREAT, O_EXCL, O_WRONLY, S_IFBLK, S_IFCHR, S_IFIFO } = fs.constants;

const epoch = { seconds: 0, nanoseconds: 0 };

/** For paths that are absolute. */
const AT_FDCWD = -100;

/** Each entry costs an inode and some memory; the largest images have a tenth of this. */
const maxEntries = 4_000_000;

export interface TreeWriterOptions {
  /** `overlay` turns OCI whiteouts into overlayfs's; `literal` takes `.wh.` for the beginning of a name. */
  whiteouts: 'overlay' | 'literal';
  /** An existing directory below the root, without symlinks on its way, that the entries go into; the root if absent. */
  base?: BytePath;
  /** Whom everything shall belong to, whatever the archive says. */
  owner?: { uid: number; gid: number };
  /** Of a user namespace that sees the tree: the archive's owners are those of it. */
  mapping?: IdMapping;
  /** Neither does a file replace a directory nor a directory a file. */
  keepTypes?: boolean;
}

/**
 * Builds a directory tree from the entries of an archive, with synchronous calls. For each entry `begin`, `write` for
 * each piece of its content, `end`; then `finish`. Whatever the archive says, nothing outside the root is touched:
 * the kernel resolves parents inside the root, and last names are never followed.
 *
 * A later entry replaces an earlier one of the same name; only a directory over a directory keeps what is in it.
 * All methods throw DhowError: InvalidParameter for a hostile or malformed entry, ResourceExhausted for a full disk.
 */
export class TreeWriter implements Disposable {
  readonly #rootFd: number;
  readonly #directories: DirectoryCache;
  readonly #options: TreeWriterOptions;
  readonly #recorder: TarRecorder | undefined;
  readonly #directoryTimes = new Map<BytePath, TarHeader['modifiedAt']>();
  #file: { fd: number; header: TarHeader; parent: BytePath; name: BytePath } | undefined;
  #entries = 0;
  #contentBytes = 0;
  #opaqueRoot = false;

  /** @param recorder is told where content lies; what a later entry replaces is then moved and not removed */
  constructor(directory: string, options: TreeWriterOptions, recorder?: TarRecorder) {
    const pathFd = openRoot(directory);
    try {
      this.#rootFd = openDirectoryAt(pathFd, '.');
    } finally {
      fs.closeSync(pathFd);
    }
    this.#directories = new DirectoryCache(this.#rootFd, options.whiteouts === 'overlay');
    this.#options = options;
    this.#recorder = recorder;
    if (recorder !== undefined) {
      // A layer is the same wherever and whenever it is unpacked.
      this.#directoryTimes.set('', epoch);
      this.#directories.onMade = (path) => this.#directoryTimes.set(path, epoch);
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeFd(this.#file.fd);
    this.#file = undefined;
    this.#directories[Symbol.dispose]();
    closeFd(this.#rootFd);
  }

  /** Sum of the files' sizes; a hard link counts nothing. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  /** Whether the archive hides all of the layers below, which overlayfs cannot be told with an attribute. */
  get opaqueRoot(): boolean {
    return this.#opaqueRoot;
  }

  begin(header: TarHeader): void {
    if (++this.#entries > maxEntries) throw malformed(`it has more than ${maxEntries} entries`);
    this.#directories.settle();
    try {
      this.#make(header);
    } catch (error) {
      throw unpackError(header.name, error);
    }
  }

  write(offset: number, bytes: Buffer): void {
    if (this.#file === undefined) {
      this.#recorder?.structure(bytes);
      return;
    }
    const { fd, header, parent, name } = this.#file;
    try {
      writeAt(fd, bytes, offset);
      const place = this.#recorder === undefined ? undefined : this.#directories.placeOf(parent);
      if (place === undefined) this.#recorder?.structure(bytes);
      else this.#recorder?.content(place, name, offset, bytes.length);
    } catch (error) {
      throw unpackError(header.name, error);
    }
  }

  end(): void {
    if (this.#file === undefined) return;
    const { fd, header } = this.#file;
    try {
      if (header.sparse !== undefined) truncate(fd, header.sizeBytes);
      applyToOpen(fd, header);
      setTimesAt(fd, '', header.modifiedAt);
    } catch (error) {
      throw unpackError(header.name, error);
    }
    this.#file = undefined;
    closeFd(fd);
    this.#contentBytes += header.sizeBytes;
  }

  /** Directories get their times at last, as every entry made in them changed these. */
  finish(): void {
    for (const [path, time] of this.#directoryTimes) {
      try {
        this.#directories.settle();
        setTimesAt(this.#directories.openExisting(path), '', time);
      } catch (error) {
        // Something else replaced the directory afterwards.
        if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw unpackError(path, error);
      }
    }
  }

  #make(original: TarHeader): void {
    const { base = '', owner, mapping } = this.#options;
    const header = ownersOutside(owner === undefined ? original : { ...original, ...owner }, mapping);
    const inside = cleanPath(header.nameBytes.toString('latin1'));
    const path = [base, inside].filter(Boolean).join('/');
    const whiteout = this.#options.whiteouts === 'overlay' ? parseWhiteout(path) : undefined;
    const { parent, name } = splitPath(path);
    if (path === '') this.#makeRoot(header);
    else if (whiteout !== undefined) this.#makeWhiteout(parent, whiteout);
    else if (header.type === 'hard-link') this.#makeHardLink(parent, name, header);
    else if (header.type === 'directory') this.#makeDirectory(parent, name, path, header);
    else if (header.type === 'file') this.#makeFile(parent, name, header);
    else this.#makeNode(parent, name, header);
  }

  #makeFile(parent: BytePath, name: BytePath, header: TarHeader): void {
    const parentFd = this.#directories.open(parent);
    const open = (): number => openAt(parentFd, name, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    this.#file = { fd: this.#replacing(parentFd, parent, name, open), header, parent, name };
  }

  #makeNode(parent: BytePath, name: BytePath, header: TarHeader): void {
    const parentFd = this.#directories.open(parent);
    this.#replacing(parentFd, parent, name, () => {
      if (header.type === 'symlink') symlinkAt(header.linkNameBytes.toString('latin1'), parentFd, name);
      else makeNodeAt(parentFd, name, nodeType(header), deviceOf(header));
    });
    applyToName(parentFd, name, header);
  }

  #makeRoot(header: TarHeader): void {
    if (header.type !== 'directory') throw malformed('the entry of the root is not a directory');
    applyToOpen(this.#rootFd, header);
    this.#directoryTimes.set('', header.modifiedAt);
  }

  #makeDirectory(parent: BytePath, name: BytePath, path: BytePath, header: TarHeader): void {
    const parentFd = this.#directories.open(parent);
    let overWhiteout = false;
    try {
      makeDirectoryAt(parentFd, name, 0o700);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      const status = statusAt(parentFd, name);
      overWhiteout = this.#options.whiteouts === 'overlay' && status.isWhiteout;
      if (!status.isDirectory) {
        if (this.#options.keepTypes) throw cannotReplace('non-directory', 'directory', header);
        this.#remove(parentFd, parent, name);
        makeDirectoryAt(parentFd, name, 0o700);
      }
    }
    const fd = openDirectoryAt(parentFd, name);
    // The cache takes the descriptor first, so that it is closed if something below fails.
    this.#directories.add(path, fd);
    if (overWhiteout) markOpaque(fd);
    applyToOpen(fd, header);
    this.#directoryTimes.set(path, header.modifiedAt);
  }

  #makeHardLink(parent: BytePath, name: BytePath, header: TarHeader): void {
    const { base = '' } = this.#options;
    const target = splitPath(
      [base, cleanPath(header.linkNameBytes.toString('latin1'))].filter(Boolean).join('/'),
    );
    if (target.name === '') throw malformed(`${quoteName(header.name)} is a hard link to the root`);
    const parentFd = this.#directories.open(parent);
    try {
      const targetFd = this.#directories.openExisting(target.parent);
      const link = (): void => linkAt(targetFd, target.name, parentFd, name);
      try {
        link();
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
        if (statusAt(parentFd, name).inode === statusAt(targetFd, target.name).inode) return;
        this.#remove(parentFd, parent, name);
        link();
      }
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      throw malformed(
        `${quoteName(header.name)} is a hard link to ${quoteName(header.linkName)}, which the archive does not have before it`,
      );
    }
    applyToName(parentFd, name, header);
  }

  #makeWhiteout(parent: BytePath, whiteout: Whiteout): void {
    if (whiteout.type === 'ignore') return;
    if (whiteout.type === 'opaque' && parent === '') {
      this.#opaqueRoot = true;
      return;
    }
    const parentFd = this.#directories.open(parent);
    if (whiteout.type === 'opaque') markOpaque(parentFd);
    else this.#hide(parentFd, whiteout.name);
  }

  #hide(parentFd: number, name: BytePath): void {
    try {
      makeNodeAt(parentFd, name, S_IFCHR, { major: 0, minor: 0 });
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    // What the layer itself has there hides the layers below already; only a directory would be merged with theirs.
    if (!statusAt(parentFd, name).isDirectory) return;
    const fd = openDirectoryAt(parentFd, name);
    try {
      markOpaque(fd);
    } finally {
      closeFd(fd);
    }
  }

  /** Runs `make`, and once more after removing what is in the way. */
  #replacing<T>(parentFd: number, parent: BytePath, name: BytePath, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (this.#options.keepTypes && statusAt(parentFd, name).isDirectory) {
      throw cannotReplace('directory', 'non-directory', { name });
    }
    this.#remove(parentFd, parent, name);
    return make();
  }

  #remove(parentFd: number, parent: BytePath, name: BytePath): void {
    const { isDirectory, isFile } = statusAt(parentFd, name);
    if (this.#recorder !== undefined && (isDirectory || isFile)) {
      const place = this.#directories.placeOf(parent);
      // What is too deep to have a place was recorded as a whole.
      if (place !== undefined) {
        const target = this.#recorder.move(place === '' ? name : `${place}/${name}`);
        renameAt(parentFd, name, AT_FDCWD, Buffer.from(target).toString('latin1'));
        this.#directories.forget();
        return;
      }
    }
    this.#directories.forget();
    if (isDirectory) removeTreeAt(parentFd, name);
    else unlinkAt(parentFd, name);
  }
}

function cannotReplace(present: string, wanted: string, { name }: Pick<TarHeader, 'name'>): DhowError {
  return new DhowError('InvalidParameter', `cannot overwrite ${present} ${quoteName(name)} with ${wanted}`);
}

function nodeType(header: TarHeader): number {
  const type = header.type === 'fifo' ? S_IFIFO : header.type === 'block-device' ? S_IFBLK : S_IFCHR;
  return type | 0o600;
}

function deviceOf(header: TarHeader): { major: number; minor: number } {
  if (header.type === 'fifo') return { major: 0, minor: 0 };
  const { deviceMajor: major, deviceMinor: minor } = header;
  // The kernel's numbers: 12 bits and 20 bits.
  if (major < 0 || minor < 0 || major >= 2 ** 12 || minor >= 2 ** 20) {
    throw malformed(
      `${quoteName(header.name)} has the device number ${major}:${minor}, which is out of range`,
    );
  }
  return { major, minor };
}
