import fs from 'node:fs';
import { callInBackground, libc } from '#sys/libc.ts';

const syncfsFunction = libc.func('int syncfs(int fd)');

/**
 * syncfs(2): everything written so far to the file system that holds `path` is on disk when this resolves. One call
 * is far cheaper than an fsync for each file of a tree. Runs off the event loop.
 * @throws Error when the kernel reports that something could not be written
 */
export async function syncFileSystem(path: string): Promise<void> {
  const directory = await fs.promises.open(path, fs.constants.O_RDONLY);
  try {
    if ((await callInBackground(syncfsFunction, directory.fd)) === -1)
      throw new Error(`syncfs ${path}: writing to disk failed`);
  } finally {
    await directory.close();
  }
}
