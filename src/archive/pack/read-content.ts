import fs from 'node:fs';
import { type PackedNode, packEntry } from '#archive/pack/pack-entry.ts';
import { tarPadding } from '#archive/write-tar.ts';
import { closeFd, openAt, statusAt } from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';

const { O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } = fs.constants;
const pieceBytes = 256 * 1024;

/**
 * A file's header and content. The size is that of the moment of opening: what a writer appends meanwhile is left out,
 * and what it cuts off comes as zeros, as the archive has promised that many bytes.
 * @throws SystemError
 */
export function* readContent(node: PackedNode): Generator<Buffer, void, void> {
  const fd = openOrGone(node);
  if (fd === undefined) return;
  try {
    const status = statusAt(fd, '');
    // Swapped since its type was looked at; opening did not block and nothing was read.
    if ((status.mode & S_IFMT) !== S_IFREG) return;
    yield packEntry({ ...node, status, type: 'file', sizeBytes: status.sizeBytes });
    for (let offset = 0; offset < status.sizeBytes; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, status.sizeBytes - offset));
      const got = fs.readSync(fd, piece, 0, piece.length, offset) || piece.fill(0).length;
      offset += got;
      yield piece.subarray(0, got);
    }
    const padding = tarPadding(status.sizeBytes);
    if (padding.length > 0) yield padding;
  } finally {
    closeFd(fd);
  }
}

function openOrGone({ parentFd, child }: PackedNode): number | undefined {
  try {
    return openAt(parentFd, child, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
}
