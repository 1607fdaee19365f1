import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { packTree } from '#archive/pack/tree-packer.ts';
import { type RecordPlace, TarRecorder } from '#archive/record/recorder.ts';
import { ByteQueue } from '#archive/tar/byte-queue.ts';
import { decodeTar } from '#archive/tar/decode.ts';
import type { Unpacked } from '#archive/unpack/unpack-stream.ts';
import {
  type BytePath,
  closeFd,
  listDirectory,
  openDirectoryAt,
  setTimesAt,
  statusAt,
} from '#sys/file-tree.ts';

export interface SealOptions extends RecordPlace {
  /** What was changed later gets this time, in seconds since 1970. */
  latestSeconds?: number;
}

/**
 * Makes a layer of an overlay's upper directory as it lies there: finds the digest of its tar, and writes the record from which
 * that very tar can be put together. Nothing is copied. The directory must not be mounted any more.
 * @throws SystemError
 */
export function sealTree(directory: string, { latestSeconds, ...place }: SealOptions): Unpacked {
  if (latestSeconds !== undefined) limitTimes(directory, latestSeconds);
  using recorder = new TarRecorder(place);
  const queue = new ByteQueue((bytes) => recorder.structure(bytes));
  const events = decodeTar(queue);
  const hash = createHash('sha256');
  let file: { parent: BytePath; name: BytePath } | undefined;
  let contentBytes = 0;
  let archiveBytes = 0;

  function decode(): void {
    for (;;) {
      const event = events.next();
      if (event.done || event.value.type === 'starved') return;
      if (event.value.type === 'entry') {
        const { header } = event.value;
        const name = header.nameBytes.toString('latin1');
        const parent = path.posix.dirname(name);
        file = { parent: parent === '.' ? '' : parent, name: path.posix.basename(name) };
        contentBytes += header.sizeBytes;
      } else if (event.value.type === 'data' && file !== undefined) {
        recorder.content(file.parent, file.name, event.value.offset, event.value.bytes.length);
      }
    }
  }

  for (const piece of packTree(directory, { whiteouts: 'overlay', path: '', name: '' })) {
    hash.update(piece);
    archiveBytes += piece.length;
    queue.push(piece);
    decode();
    queue.own();
  }
  queue.end();
  decode();
  // The decoder stops at the first block of zeros; the rest of the archive's end is part of the digest too.
  while (queue.length > 0) queue.takeSome(queue.length);
  recorder.finish();
  makePlainRoot(directory);
  return { sha256: hash.digest('hex'), contentBytes, archiveBytes, opaqueRoot: false };
}

/** The tar says nothing of the root, as BuildKit's and Docker's layers do not: it becomes what it is where the tar is unpacked. */
function makePlainRoot(directory: string): void {
  const root = openDirectory(directory);
  try {
    fs.fchownSync(root, 0, 0);
    fs.fchmodSync(root, 0o755);
    fs.futimesSync(root, 0, 0);
  } finally {
    fs.closeSync(root);
  }
}

function openDirectory(directory: string): number {
  return fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
}

/** Sets the times that are later back, directories after what is in them. */
function limitTimes(directory: string, latestSeconds: number): void {
  const latest = { seconds: latestSeconds, nanoseconds: 0 };
  const limit = (fd: number, name: BytePath): void => {
    const { modifiedAt } = statusAt(fd, name);
    const later =
      modifiedAt.seconds > latestSeconds ||
      (modifiedAt.seconds === latestSeconds && modifiedAt.nanoseconds > 0);
    if (later) setTimesAt(fd, name, latest);
  };
  const visit = (fd: number): void => {
    for (const name of listDirectory(fd)) {
      if (statusAt(fd, name).isDirectory) {
        const child = openDirectoryAt(fd, name);
        try {
          visit(child);
        } finally {
          closeFd(child);
        }
      }
      limit(fd, name);
    }
  };
  const root = openDirectory(directory);
  try {
    visit(root);
  } finally {
    fs.closeSync(root);
  }
}
