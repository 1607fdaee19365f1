import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { decompress, maxDecompressedBytes, tooLarge } from '#archive/decompress.ts';
import { readTar, type TarEntry } from '#archive/read-tar.ts';
import { type ContextFile, ContextTree } from '#build/context/context-tree.ts';
import type { EntryHeader } from '#build/copy/source-tree.ts';
import { DhowError } from '#errors/error.ts';

/**
 * A build context that was received: its names are in memory, its content lies in one file, one after the other. Nothing is
 * unpacked, so a build that changes nothing makes no file but this one, and a step that copies reads each file once.
 */
export interface ReceivedContext extends AsyncDisposable {
  tree: ContextTree;
  sizeBytes: number;
}

const writeBytes = 4 * 1024 * 1024;
const readBytes = 256 * 1024;
const noXattrs: ReadonlyMap<string, Buffer> = new Map();

/**
 * Receives a tar archive, compressed or not. Owners do not count: a context belongs to root, as Docker has it.
 * @param directory the daemon's own, for the content
 * @throws InvalidParameter for a malformed archive or one with too many entries; ResourceExhausted; the reason of `signal`
 */
export async function receiveContext(
  source: AsyncIterable<Uint8Array>,
  directory: string,
  signal: AbortSignal,
): Promise<ReceivedContext> {
  const spool = new Spool(path.join(directory, 'context'));
  const tree = new ContextTree((file) => spool.read(file));
  try {
    for await (const entry of readTar(decompress(source))) {
      signal.throwIfAborted();
      await addEntry(tree, spool, entry);
    }
    await spool.flush();
  } catch (error) {
    spool.close();
    throw error;
  }
  return {
    tree,
    sizeBytes: spool.sizeBytes,
    async [Symbol.asyncDispose]() {
      spool.close();
    },
  };
}

async function addEntry(tree: ContextTree, spool: Spool, { header, body }: TarEntry): Promise<void> {
  const parts = partsOf(header.nameBytes.toString('latin1'));
  if (header.type === 'hard-link') {
    tree.link(parts, partsOf(header.linkNameBytes.toString('latin1')));
    return;
  }
  const { type, linkNameBytes, sizeBytes, mode, modifiedAt, deviceMajor, deviceMinor, xattrs } = header;
  const kept: EntryHeader = {
    ...{ type, sizeBytes, mode, uid: 0, gid: 0, modifiedAt, deviceMajor, deviceMinor },
    // Views into the archive's chunks would keep these alive.
    linkNameBytes: Buffer.from(linkNameBytes),
    xattrs:
      xattrs.size === 0 ? noXattrs : new Map([...xattrs].map(([key, value]) => [key, Buffer.from(value)])),
  };
  if (type !== 'file') {
    tree.add(parts, kept);
    return;
  }
  const offset = spool.sizeBytes;
  // A sparse file is no larger in the archive than its map.
  if (offset + sizeBytes > maxDecompressedBytes) throw tooLarge(maxDecompressedBytes);
  const hash = createHash('sha256');
  for await (const chunk of body) {
    hash.update(chunk);
    await spool.write(chunk);
  }
  tree.add(parts, kept, { header: kept, offset, sha256: hash.digest('hex') });
}

/** `..` cannot lead above the root: there is nothing. */
function partsOf(name: string): string[] {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts;
}

/** A file without a name, written in large pieces. */
class Spool {
  readonly #file: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #writtenBytes = 0;
  #closed = false;

  constructor(name: string) {
    this.#file = fs.openSync(name, 'wx+', 0o600);
    // Whatever becomes of this process, the space is free when it ends.
    fs.unlinkSync(name);
  }

  get sizeBytes(): number {
    return this.#writtenBytes + this.#pendingBytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    // The chunk's memory is the archive reader's.
    this.#pending.push(Buffer.from(chunk));
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes >= writeBytes) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    const position = this.#writtenBytes;
    this.#writtenBytes += bytes.length;
    for (let done = 0; done < bytes.length; ) {
      done += await write(this.#file, bytes.subarray(done), position + done);
    }
  }

  async *read({ offset, header }: ContextFile): AsyncGenerator<Uint8Array, void> {
    for (let done = 0; done < header.sizeBytes; ) {
      if (this.#closed) throw new DhowError('Cancelled', 'the build has ended');
      const buffer = Buffer.allocUnsafe(Math.min(readBytes, header.sizeBytes - done));
      // The page cache has what was just received: a call is cheaper than a turn of the thread pool.
      const count = fs.readSync(this.#file, buffer, 0, buffer.length, offset + done);
      if (count === 0) throw new DhowError('DataLoss', 'the received build context is shorter than it was');
      done += count;
      yield buffer.subarray(0, count);
    }
  }

  close(): void {
    if (!this.#closed) fs.closeSync(this.#file);
    this.#closed = true;
  }
}

function write(file: number, bytes: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(file, bytes, 0, bytes.length, position, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === 'ENOSPC') {
        reject(
          new DhowError('ResourceExhausted', 'cannot keep the build context: no space left on device', {
            cause: error,
          }),
        );
      } else reject(error);
    });
  });
}
