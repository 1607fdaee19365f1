import fs from 'node:fs';

/** Brings a file, or the names in a directory, to the disk. Blocks. */
export function syncFileNow(target: string): void {
  const fd = fs.openSync(target, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
