import net from 'node:net';

/**
 * Reads a pipe to its end, or to its first `until` byte, or to `limit` bytes, and closes it. Node's event loop does the waiting; a file
 * stream would hold a thread of its pool.
 */
export function readPipe(fd: number, limit: number, until?: number): Promise<Buffer> {
  const pipe = new net.Socket({ fd, readable: true, writable: false });
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  function finish(): void {
    pipe.destroy();
    resolve(Buffer.concat(chunks).subarray(0, limit));
  }
  pipe.on('data', (data) => {
    // Without an encoding set, it is never text.
    const chunk = data as Buffer;
    chunks.push(chunk);
    size += chunk.length;
    if (size >= limit || (until !== undefined && chunk.includes(until))) finish();
  });
  pipe.on('end', finish);
  // A pipe's read end fails for no reason that its reader could act on; what has come is the answer.
  pipe.on('error', finish);
  return promise;
}
