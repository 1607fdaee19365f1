import fs from 'node:fs';
import { damaged, readRecord } from '#archive/record/format.ts';
import { readMoved } from '#archive/record/moved.ts';
import type { RecordPlace } from '#archive/record/recorder.ts';
import { type BytePath, closeFd, openAt, openDirectoryInRoot, openFileInRoot } from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';

export interface AssembleSource extends RecordPlace {
  /** The tree that the archive was unpacked into. */
  directory: string;
}

const readBytes = 256 * 1024;

/**
 * The bytes of an archive that was unpacked with a record, in pieces that are valid until the next one is asked for.
 * Whether they are the right ones is for the caller's digest to say.
 * @throws DataLoss when the record is damaged or a file is gone or shorter; SystemError
 */
export function* assembleTar({ directory, file, movedDirectory }: AssembleSource): Generator<Buffer, void> {
  const record = fs.openSync(file, 'r');
  const tree = new OpenTree(directory);
  let moved: OpenTree | undefined;
  try {
    const findMoved = readMoved(movedDirectory);
    const buffer = Buffer.allocUnsafe(readBytes);
    let parent: BytePath = '';
    let run = 0;
    for (const item of readRecord(record)) {
      if (item.type === 'structure') yield item.bytes;
      else if (item.type === 'directory') parent = item.path;
      else {
        const path = parent === '' ? item.name : `${parent}/${item.name}`;
        const place = findMoved(path, run++);
        let fd: number;
        if (place === undefined) fd = tree.openFile(parent, item.name, path);
        else {
          moved ??= new OpenTree(movedDirectory);
          fd = moved.openFile('', place, path);
        }
        try {
          yield* readRun(fd, item.offset, item.length, buffer, path);
        } finally {
          closeFd(fd);
        }
      }
    }
  } finally {
    fs.closeSync(record);
    tree[Symbol.dispose]();
    moved?.[Symbol.dispose]();
  }
}

function* readRun(
  fd: number,
  offset: number,
  length: number,
  buffer: Buffer,
  path: BytePath,
): Generator<Buffer, void> {
  for (let done = 0; done < length; ) {
    const count = fs.readSync(fd, buffer, 0, Math.min(readBytes, length - done), offset + done);
    if (count === 0) throw damaged(`the file ${JSON.stringify(path)} is shorter than it was`);
    done += count;
    yield buffer.subarray(0, count);
  }
}

/** A tree with the last directory kept open: the files of one directory mostly follow each other. */
class OpenTree implements Disposable {
  readonly #rootFd: number;
  #parent: { path: BytePath; fd: number } | undefined;

  constructor(directory: string) {
    this.#rootFd = fs.openSync(directory, 'r');
  }

  openFile(parent: BytePath, name: BytePath, shown: BytePath): number {
    try {
      if (name.includes('/')) return openFileInRoot(this.#rootFd, name);
      return openAt(this.#directory(parent), name, fs.constants.O_RDONLY);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      throw damaged(`the file ${JSON.stringify(shown)} is gone`, error);
    }
  }

  #directory(path: BytePath): number {
    if (path === '') return this.#rootFd;
    if (this.#parent?.path !== path) {
      const fd = openDirectoryInRoot(this.#rootFd, path);
      if (this.#parent !== undefined) closeFd(this.#parent.fd);
      this.#parent = { path, fd };
    }
    return this.#parent.fd;
  }

  [Symbol.dispose](): void {
    if (this.#parent !== undefined) closeFd(this.#parent.fd);
    fs.closeSync(this.#rootFd);
  }
}
