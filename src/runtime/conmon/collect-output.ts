import fs from 'node:fs';
import net from 'node:net';
import { hasCode } from '#sys/libc.ts';

/**
 * Keeps the beginning of what is written and drops the rest, so that nobody waits for a reader.
 * @param fd the reading end of a pipe, which it closes
 * @param limit bytes to keep
 */
export function collectOutput(fd: number, limit: number): Disposable & { take(): Buffer } {
  const pipe = new net.Socket({ fd, readable: true, writable: false });
  const chunks: Buffer[] = [];
  let size = 0;
  function keep(chunk: Buffer): void {
    if (size < limit) chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
  }
  pipe.on('data', (data) => keep(data as Buffer));
  pipe.on('error', () => {});
  return {
    /** What is still in the pipe was written before the process ended; its end may never come, as a child can hold it. */
    take() {
      pipe.pause();
      // A stream that has found the end has closed, and its number may be another's by now, who would wait in our read for ever.
      if (!pipe.destroyed) readRest(fd, keep, limit);
      return Buffer.concat(chunks);
    },
    [Symbol.dispose]: () => void pipe.destroy(),
  };
}

function readRest(fd: number, keep: (chunk: Buffer) => void, limit: number): void {
  for (let total = 0; total < limit; ) {
    const piece = Buffer.allocUnsafe(limit);
    try {
      const length = fs.readSync(fd, piece);
      if (length === 0) return;
      keep(piece.subarray(0, length));
      total += length;
    } catch (error) {
      if (hasCode(error, 'EAGAIN')) return;
      throw error;
    }
  }
}
