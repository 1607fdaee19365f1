import { open, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';

/**
 * Writes a file that appears under its name only when it is whole; what is no regular file (a pipe, /dev/null) is written to as
 * it is.
 * @throws InvalidParameter naming the path; what `bytes` throws
 */
export async function writeOutputFile(
  path: string,
  workingDirectory: string,
  bytes: AsyncIterable<Uint8Array>,
  mode = 0o644,
): Promise<void> {
  const target = resolve(workingDirectory, path);
  const known = await stat(target).catch(() => undefined);
  if (known?.isDirectory())
    throw new DhowError('InvalidParameter', `cannot write ${path}: it is a directory`);
  const isSpecial = known !== undefined && !known.isFile();
  const written = isSpecial ? target : `${target}.${process.pid}.part`;
  try {
    const file = await open(written, 'w', mode).catch((cause: unknown) => {
      throw new DhowError('InvalidParameter', `cannot write ${path}: ${messageOf(cause)}`, { cause });
    });
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    if (!isSpecial) await rename(written, target);
  } catch (error) {
    if (!isSpecial) await rm(written, { force: true });
    throw error;
  }
}
