import { decompress, maxDecompressedBytes, tooLarge } from '#archive/decompress.ts';
import { readTar } from '#archive/read-tar.ts';
import { type Changes, copyTar, type PlacedEntry } from '#build/copy/copy-tar.ts';
import { joinPath } from '#build/copy/gather.ts';
import type { BuildSession } from '#build/execute/session.ts';
import { cleanPath } from '#dockerignore/clean-path.ts';
import { kindOf } from '#errors/error.ts';

/**
 * Whether it is a tar archive, compressed or not. Its name does not count.
 * @throws Unsupported for a compression that is known but cannot be undone
 */
export async function isArchive(body: AsyncIterable<Uint8Array>): Promise<boolean> {
  try {
    for await (const _entry of readTar(decompress(body))) return true;
    return false;
  } catch (error) {
    if (kindOf(error) === 'InvalidParameter') return false;
    throw error;
  }
}

/** Unpacks an archive below a directory of a root, which is made if it is missing. No entry leaves that directory by its name. */
export async function unpackArchive(
  { parts, signal }: BuildSession,
  root: string,
  directory: string,
  body: AsyncIterable<Uint8Array>,
  { owner }: Changes,
): Promise<void> {
  const inside = (name: Buffer): string =>
    joinPath(directory, cleanPath(`/${name.toString('latin1')}`).slice(1));
  let sizeBytes = 0;
  const entries = async function* (): AsyncGenerator<PlacedEntry, void> {
    for await (const { header, body: content } of readTar(decompress(body))) {
      const path = inside(header.nameBytes);
      if (path === directory) continue;
      // The holes of sparse files are written as zeros.
      sizeBytes += header.sizeBytes;
      if (sizeBytes > maxDecompressedBytes) throw tooLarge(maxDecompressedBytes);
      const isLink = header.type === 'hard-link';
      yield {
        path,
        header: {
          ...header,
          ...owner,
          ...(isLink ? { linkNameBytes: Buffer.from(inside(header.linkNameBytes), 'latin1') } : {}),
        },
        body: () => content,
      };
    }
  };
  await parts.workers.unpack(root, copyTar(entries()), { whiteouts: 'literal', keepTypes: true, signal });
}
