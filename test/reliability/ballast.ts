import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

/** A file that takes the space of others. */
export interface Ballast {
  /** Takes all space that root may take, but for `spareBytes`; again to change what is spared. */
  load(spareBytes?: number): void;
  drop(): void;
}

/** @param directory in the file system that is to be full */
export function createBallast(directory: string): Ballast {
  const file = path.join(directory, 'ballast');
  return {
    load(spareBytes = 0) {
      const fd = fs.openSync(file, 'a');
      try {
        for (const size of [1 << 20, 4096, 1]) fillWith(fd, Buffer.alloc(size));
        fs.ftruncateSync(fd, Math.max(0, fs.fstatSync(fd).size - spareBytes));
      } finally {
        fs.closeSync(fd);
      }
    },
    drop: () => fs.rmSync(file, { force: true }),
  };
}

function fillWith(fd: number, piece: Buffer): void {
  try {
    for (;;) fs.writeSync(fd, piece);
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  }
}
