import fs from 'node:fs';
import zlib from 'node:zlib';
import { batchBytes, recordMagic, tags } from '#archive/record/format.ts';
import { writeMoved } from '#archive/record/moved.ts';
import type { BytePath } from '#sys/file-tree.ts';

/** Where a record goes. */
export interface RecordPlace {
  /** The record; must not exist. */
  file: string;
  /** Files whose name a later entry takes are kept here, with a list of them; made when the first one comes. */
  movedDirectory: string;
}

/** Names and lengths fit a batch with room to spare. */
const maxItemBytes = 64 * 1024;
/** Headers compress twentyfold at the fastest level; more effort gains little. */
const compression = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };

/** Writes the record of an archive while it is unpacked. Synchronous, for the worker. */
export class TarRecorder implements Disposable {
  readonly #fd: number;
  readonly #place: RecordPlace;
  readonly #batch = Buffer.allocUnsafe(batchBytes);
  #filled = 0;
  #directory: BytePath | undefined;
  #run: { directory: BytePath; name: BytePath; offset: number; length: number } | undefined;
  #contents = 0;
  readonly #moved: { path: BytePath; before: number }[] = [];

  constructor(place: RecordPlace) {
    this.#place = place;
    this.#fd = fs.openSync(place.file, 'wx', 0o600);
    fs.writeSync(this.#fd, recordMagic);
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#fd);
  }

  /** Bytes of the archive that are in no file of the tree. */
  structure(bytes: Buffer): void {
    this.#endRun();
    for (let done = 0; done < bytes.length; done += maxItemBytes) {
      const piece = bytes.subarray(done, done + maxItemBytes);
      this.#reserve(piece.length + 16);
      this.#batch[this.#filled++] = tags.structure;
      this.#bytes(piece);
    }
  }

  /** The next bytes of the archive are `length` bytes of this file, at `offset`. */
  content(directory: BytePath, name: BytePath, offset: number, length: number): void {
    const run = this.#run;
    if (run?.directory === directory && run.name === name && run.offset + run.length === offset) {
      run.length += length;
      return;
    }
    this.#endRun();
    this.#run = { directory, name, offset, length };
  }

  /**
   * A file or directory must give its name to a later entry.
   * @returns where to move it to: what was recorded so far at or below the path is found there
   */
  move(path: BytePath): string {
    this.#endRun();
    if (this.#moved.length === 0) fs.mkdirSync(this.#place.movedDirectory, { mode: 0o700 });
    this.#moved.push({ path, before: this.#contents });
    return `${this.#place.movedDirectory}/${this.#moved.length - 1}`;
  }

  finish(): void {
    this.#endRun();
    this.#flush();
    if (this.#moved.length > 0) writeMoved(this.#place.movedDirectory, this.#moved);
  }

  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.#contents++;
    const name = Buffer.from(run.name, 'latin1');
    if (run.directory !== this.#directory) {
      const directory = Buffer.from(run.directory, 'latin1');
      this.#reserve(directory.length + 16);
      this.#batch[this.#filled++] = tags.directory;
      this.#bytes(directory);
      this.#directory = run.directory;
    }
    this.#reserve(name.length + 32);
    this.#batch[this.#filled++] = tags.content;
    this.#bytes(name);
    this.#number(run.offset);
    this.#number(run.length);
  }

  #bytes(bytes: Buffer): void {
    this.#number(bytes.length);
    this.#batch.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #number(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#batch[this.#filled++] = (rest % 128) | 128;
    this.#batch[this.#filled++] = rest;
  }

  #reserve(length: number): void {
    if (this.#filled + length > batchBytes) this.#flush();
  }

  #flush(): void {
    if (this.#filled === 0) return;
    const frame = zlib.zstdCompressSync(this.#batch.subarray(0, this.#filled), compression);
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(frame.length, 0);
    for (const part of [length, frame]) {
      for (let done = 0; done < part.length; ) done += fs.writeSync(this.#fd, part, done);
    }
    this.#filled = 0;
  }
}
