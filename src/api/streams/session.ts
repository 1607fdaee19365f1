import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { AttachSession } from '#engine/containers.ts';
import { DetachKeyFilter } from '#wire/detach-keys.ts';
import { encodeFrameHeader } from '#wire/raw-stream.ts';

export interface SessionOptions {
  /** Pass the client's bytes on as stdin. */
  stdin: boolean;
  /** Without frames both streams go out as they come. */
  framed: boolean;
  /** Leaves a session with a terminal. */
  detachKeys: Uint8Array;
}

/**
 * Joins a client's raw connection to the stdio of a process, both ways, until the output has ended or the client has gone
 * or left. What the client does ends the session only, never the process: its half-close is the process's end of input, or with
 * a terminal, where Docker's client half-closes only by leaving, the end of the session.
 */
export async function serveSession(
  socket: Duplex,
  session: AttachSession,
  options: SessionOptions,
): Promise<void> {
  const gone = new AbortController();
  function leave(how?: 'detached'): void {
    gone.abort();
    session.close(how);
    // An output that waits for more than its connection must not keep the client.
    socket.end();
  }
  if (socket.destroyed) leave();
  else socket.once('close', () => leave());
  socket.on('error', () => socket.destroy());
  if (options.stdin) readInput(socket, session, options.detachKeys, leave);
  else socket.resume();
  try {
    for await (const { stream, bytes } of session.output) {
      if (gone.signal.aborted) break;
      await write(
        socket,
        options.framed ? [encodeFrameHeader(stream, bytes.length), bytes] : [bytes],
        gone.signal,
      );
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    session.close();
    // What the client still sends is read and dropped: closing over unread bytes would reset its connection.
    socket.end();
    socket.resume();
  }
}

async function write(socket: Duplex, pieces: Uint8Array[], signal: AbortSignal): Promise<void> {
  if (socket.destroyed) return;
  socket.cork();
  let room = true;
  for (const piece of pieces) room = socket.write(piece);
  socket.uncork();
  if (!room) await once(socket, 'drain', { signal });
}

/** Takes the client's bytes one piece at a time: a process that does not read holds the client back. */
function readInput(
  socket: Duplex,
  session: AttachSession,
  keys: Uint8Array,
  leave: (how?: 'detached') => void,
): void {
  const filter = session.terminal ? new DetachKeyFilter(keys) : undefined;
  let delivered = Promise.resolve();

  async function deliver(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await session.write(bytes);
  }

  socket.on('data', (chunk: Buffer) => {
    const { pass, detached } = filter?.push(chunk) ?? { pass: chunk, detached: false };
    socket.pause();
    delivered = delivered
      .then(() => deliver(pass))
      .then(() => {
        if (detached) leave('detached');
      })
      // The process has closed its input: further bytes have nowhere to go, as with a pipe.
      .catch(() => {})
      .finally(() => socket.resume());
  });
  function end(): void {
    delivered = delivered
      .then(() => deliver(filter?.finish() ?? Buffer.alloc(0)))
      .catch(() => {})
      // A terminal has no end of input that others who are attached would not see: its user has left.
      .finally(() => (session.terminal ? leave() : session.closeInput()));
  }
  // An input without a byte, such as /dev/null, may have ended before the process was there; a pause does not hold that back.
  if (socket.readableEnded) end();
  else socket.once('end', end);
}
