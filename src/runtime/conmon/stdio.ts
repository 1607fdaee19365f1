import { DhowError } from '#errors/error.ts';
import type { StdioConnection } from '#runtime/runtime.ts';
import type { Channel, PacketRun, Poller } from '#sys/epoll.ts';
import { hasCode } from '#sys/libc.ts';
import { connectSeqpacket } from '#sys/seqpacket.ts';

type OutputPacket = { stream: 'stdout' | 'stderr'; bytes: Uint8Array };

/** Output that arrived and was not taken; beyond it nothing more is received, and conmon and the process wait. */
const queueBound = 1024 * 1024;
/** conmon reads its clients' packets into a buffer of this size in all its versions; more would be cut. */
const inputPacketSize = 8 * 1024;
/** First bytes of conmon's packets. */
const stdoutTag = 2;
const stderrTag = 3;

/** The connection's ends as the driver sees them. */
export interface ConmonConnection extends StdioConnection {
  /** Receives everything that is left regardless of the bound: the process is gone, and conmon must not wait to tell it. */
  drain(): void;
}

/**
 * Connects to conmon's attach socket. conmon takes a client's going as the end of the process's stdin unless it was told to leave it
 * open, so a client that only looks may `linger`: its connection stays, emptied by nobody but us, until the process ends.
 *
 * @throws Conflict (reason `not-running`) when there is nobody to connect to
 */
export function connectStdio(
  poller: Poller,
  socketPath: string,
  { subject, linger }: { subject: string; linger: boolean },
): ConmonConnection {
  let fd: number;
  try {
    fd = connectSeqpacket(socketPath);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ECONNREFUSED')) {
      throw new DhowError('Conflict', `${subject} is not running`, { reason: 'not-running', cause: error });
    }
    if (hasCode(error, 'EAGAIN')) {
      throw new DhowError('Unavailable', `too many clients attach to ${subject} at once, try again`, {
        cause: error,
      });
    }
    throw error;
  }
  return createConnection((handlers) => poller.openChannel(fd, handlers), linger);
}

function createConnection(
  open: (handlers: Parameters<Poller['openChannel']>[1]) => Channel,
  linger: boolean,
): ConmonConnection {
  const queue: OutputPacket[] = [];
  let queuedBytes = 0;
  let receiving = true;
  let ended = false;
  let closed = false;
  let inputClosed = false;
  let unbounded = false;
  let wakeReader: (() => void) | undefined;
  let wakeWriter: (() => void) | undefined;
  let writes: Promise<void> = Promise.resolve();

  const channel = open({
    onPackets(runs: PacketRun[]) {
      receiving = false;
      if (!closed) {
        for (const { tag, bytes } of runs) {
          if (tag !== stdoutTag && tag !== stderrTag) continue;
          queue.push({ stream: tag === stdoutTag ? 'stdout' : 'stderr', bytes });
          queuedBytes += bytes.length;
        }
        wakeReader?.();
      }
      receive();
    },
    onEnd() {
      ended = true;
      wakeReader?.();
      wakeWriter?.();
    },
    onWritable() {
      wakeWriter?.();
    },
  });
  channel.resume();

  function receive(): void {
    if (receiving || ended || (queuedBytes >= queueBound && !unbounded && !closed)) return;
    receiving = true;
    channel.resume();
  }

  async function* output(): AsyncGenerator<OutputPacket> {
    for (;;) {
      const packet = queue.shift();
      if (packet) {
        queuedBytes -= packet.bytes.length;
        if (queuedBytes < queueBound / 2) receive();
        yield packet;
      } else if (ended || closed) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
    }
  }

  async function sendAll(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      if (ended || closed || inputClosed) return;
      const chunk = bytes.subarray(offset, offset + inputPacketSize);
      try {
        if (channel.send(chunk)) {
          offset += chunk.length;
          continue;
        }
      } catch (error) {
        // The process has closed its stdin or exited: input goes nowhere, as with a pipe whose reader is gone.
        if (hasCode(error, 'EPIPE', 'ECONNRESET', 'ENOTCONN')) return;
        throw error;
      }
      await new Promise<void>((resolve) => {
        wakeWriter = resolve;
      });
    }
  }

  function close(): void {
    if (closed) return;
    closed = true;
    queue.length = 0;
    queuedBytes = 0;
    wakeReader?.();
    wakeWriter?.();
    if (linger && !inputClosed) receive();
    else channel.close();
  }

  return {
    output: output(),
    write(bytes) {
      const written = writes.then(() => sendAll(bytes));
      writes = written.catch(() => {});
      return written;
    },
    closeInput() {
      writes = writes.then(() => {
        inputClosed = true;
        channel.shutdownWrite();
      });
    },
    drain() {
      unbounded = true;
      receive();
    },
    close,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}
