import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { DhowError } from '#errors/error.ts';

/** Opens a file that the user named, before anything is sent. Throws NotFound or InvalidParameter with its path. */
export async function readableFile(path: string, workingDirectory: string): Promise<Readable> {
  try {
    const file = await open(resolve(workingDirectory, path));
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new DhowError('InvalidParameter', `read ${path}: is a directory`);
    }
    return file.createReadStream({ highWaterMark: 256 * 1024 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT')
      throw new DhowError('NotFound', `open ${path}: no such file or directory`, { cause: error });
    if (code === 'EACCES')
      throw new DhowError('Forbidden', `open ${path}: permission denied`, { cause: error });
    throw error;
  }
}
