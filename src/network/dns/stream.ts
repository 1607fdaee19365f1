import type net from 'node:net';

const maximumQueryBytes = 4096;
const idleMs = 10_000;
/** Answers that a client has not taken yet: it could ask for as many as fill the daemon's memory, and read none. */
const maximumUnreadBytes = 1024 * 1024;

/**
 * Serves one connection on which queries and answers stand behind their lengths (RFC 1035, 4.2.2). It ends when it is idle, with a query
 * that is longer than any, and when its answers are not read.
 */
export function serveStream(
  socket: net.Socket,
  serve: (message: Buffer, reply: (answer: Buffer) => void) => void,
): void {
  socket.on('error', () => {});
  socket.setTimeout(idleMs, () => socket.destroy());

  function reply(answer: Buffer): void {
    if (!socket.writable) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    socket.write(Buffer.concat([length, answer]));
    if (socket.writableLength > maximumUnreadBytes) socket.destroy();
  }

  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    while (received.length >= 2 && !socket.destroyed) {
      const length = received.readUInt16BE(0);
      if (length > maximumQueryBytes) {
        socket.destroy();
        return;
      }
      if (received.length < length + 2) return;
      serve(received.subarray(2, length + 2), reply);
      received = received.subarray(length + 2);
    }
  });
}
