import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  createEpoll,
  EPOLLIN,
  EPOLLOUT,
  makeKey,
  type Purpose,
  unwatchDescriptor,
  wakeKey,
  watchDescriptor,
} from '#sys/epoll-calls.ts';
import type { PollReport, ReceivedBatch } from '#sys/epoll-worker.ts';
import { openEventfd } from '#sys/eventfd.ts';
import { duplicate, SHUT_RDWR, SHUT_WR, sendPacket, shutdownSocket } from '#sys/seqpacket.ts';

/**
 * Waits for many descriptors that Node's event loop cannot wait for, with one thread for all: packet sockets, pidfds, netlink. The
 * thread sleeps in epoll_wait(2), receives packets and hands them over in batches; everything else happens on the caller's thread.
 * Like a server, it keeps the process alive until it is closed.
 */
export interface Poller {
  /** Takes the pidfd over, calls `onExit` once when the process has exited, and closes it. */
  watchExit(pidfd: number, onExit: () => void): void;
  /** Takes the descriptor over, and calls `onReadable` once after each `resume` when there is something to read. */
  watchReadable(fd: number, onReadable: () => void): Watch;
  /** Takes the socket over. Nothing is received until `resume`. */
  openChannel(fd: number, handlers: ChannelHandlers): Channel;
  /** Stops the thread; channels and pidfds that are still open are closed without further calls. */
  close(): Promise<void>;
}

export interface Watch {
  /** Asks for one more call. */
  resume(): void;
  /** Forgets and closes the descriptor. */
  close(): void;
}

export interface ChannelHandlers {
  /** Packets that arrived, in order; packets with the same first byte are joined. Nothing more comes until `resume`. */
  onPackets(runs: PacketRun[]): void;
  /** The peer has closed; called once, also after `close`. */
  onEnd(): void;
  /** Room for `send`, after it returned false. */
  onWritable(): void;
}

/** The joined payloads of successive packets; `tag` is their first byte, which `bytes` does not hold. */
export interface PacketRun {
  tag: number;
  bytes: Uint8Array;
}

export interface Channel {
  /** Asks for one more batch. */
  resume(): void;
  /** @returns false when the peer's buffer is full: try again after `onWritable`. @throws SystemError EPIPE */
  send(bytes: Uint8Array): boolean;
  shutdownWrite(): void;
  close(): void;
}

/** One descriptor in the epoll set, for one kind of event. */
interface Registration {
  fd: number;
  events: number;
  /** Asked for and not yet told. A descriptor is asked about again only after its report: the thread never works on one that is closed. */
  armed: boolean;
  onReport(report: PollReport): void;
}

export interface PollerParts {
  /** The worker's program; a bundled daemon passes its own file. */
  workerUrl?: URL;
  /** The thread has failed; it is started again and nothing is lost. */
  onFailure(error: unknown): void;
}

export function createPoller({
  workerUrl = new URL('./epoll-worker.ts', import.meta.url),
  onFailure,
}: PollerParts): Poller {
  const epollFd = createEpoll();
  const wakeFd = openEventfd();
  const registrations = new Map<number, Registration>();
  let nextNumber = 1;
  let closing = false;
  watchDescriptor(epollFd, 'add', wakeFd, wakeKey, EPOLLIN);

  function startWorker(): Worker {
    const started = new Worker(workerUrl, {
      workerData: { epollFd },
      // The thread's heap holds next to nothing.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 },
    });
    started.on('message', (reports: PollReport[]) => {
      for (const report of reports) {
        const registration = registrations.get(report.key);
        if (!registration) continue;
        registration.armed = false;
        registration.onReport(report);
      }
    });
    started.on('error', (error) => {
      if (closing) return;
      onFailure(error);
      worker = startWorker();
      for (const [key, { fd, events, armed }] of registrations) {
        if (armed) watchDescriptor(epollFd, 'modify', fd, key, events);
      }
    });
    return started;
  }

  let worker = startWorker();
  // Node joins its threads at exit, and this one does not look up from epoll_wait by itself.
  const wakeThread = () => fs.writeSync(wakeFd, new Uint8Array(new BigUint64Array([1n]).buffer));
  process.once('exit', wakeThread);

  function register(fd: number, purpose: Purpose, onReport: (report: PollReport) => void): Watched {
    let key: number;
    do key = makeKey(nextNumber++, purpose);
    while (registrations.has(key));
    const events = purpose === 'writable' ? EPOLLOUT : EPOLLIN;
    const registration: Registration = { fd, events, armed: false, onReport };
    let operation: 'add' | 'modify' = 'add';
    registrations.set(key, registration);
    return {
      arm() {
        if (registration.armed) return;
        registration.armed = true;
        watchDescriptor(epollFd, operation, fd, key, events);
        operation = 'modify';
      },
      remove() {
        registrations.delete(key);
        // Closing alone would not take it out of the set while another descriptor of the same socket is open.
        if (operation === 'modify') unwatchDescriptor(epollFd, fd);
        fs.closeSync(fd);
      },
    };
  }

  return {
    watchExit(pidfd, onExit) {
      const entry = register(pidfd, 'exit', () => {
        entry.remove();
        onExit();
      });
      entry.arm();
    },
    watchReadable(fd, onReadable) {
      // As with an exit, the thread only tells that there is something.
      const entry = register(fd, 'exit', onReadable);
      return { resume: entry.arm, close: entry.remove };
    },
    openChannel(fd, handlers) {
      return createChannel(fd, handlers, register);
    },
    async close() {
      if (closing) return;
      closing = true;
      process.off('exit', wakeThread);
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      wakeThread();
      await exited;
      for (const { fd } of registrations.values()) fs.closeSync(fd);
      registrations.clear();
      fs.closeSync(wakeFd);
      fs.closeSync(epollFd);
    },
  };
}

interface Watched {
  /** Asks for one report. */
  arm(): void;
  /** Forgets and closes the descriptor. */
  remove(): void;
}

type Register = (fd: number, purpose: Purpose, onReport: (report: PollReport) => void) => Watched;

function createChannel(fd: number, handlers: ChannelHandlers, register: Register): Channel {
  let ended = false;
  let closed = false;
  let writing: Watched | undefined;

  const reading = register(fd, 'packets', ({ batch }) => {
    if (!batch) return;
    if (!closed && batch.tags.length > 0) handlers.onPackets(splitBatch(batch));
    if (batch.ended) {
      ended = true;
      reading.remove();
      writing?.remove();
      handlers.onEnd();
    } else if (closed) {
      reading.arm();
    }
  });

  /** A second descriptor of the same socket, so that reading and writing are asked about independently. */
  function waitWritable(): void {
    writing ??= register(duplicate(fd), 'writable', () => {
      if (!closed) handlers.onWritable();
    });
    writing.arm();
  }

  return {
    resume() {
      if (!ended) reading.arm();
    },
    send(bytes) {
      if (ended || closed) return true;
      if (sendPacket(fd, bytes)) return true;
      waitWritable();
      return false;
    },
    shutdownWrite() {
      if (!ended) shutdownSocket(fd, SHUT_WR);
    },
    close() {
      if (ended || closed) return;
      closed = true;
      // The report of the end closes the descriptor; until then the thread may be reading from it.
      shutdownSocket(fd, SHUT_RDWR);
      reading.arm();
    },
  };
}

function splitBatch({ bytes, tags, lengths }: ReceivedBatch): PacketRun[] {
  let offset = 0;
  return tags.map((tag, index) => {
    const length = lengths[index] as number;
    offset += length;
    return { tag, bytes: bytes.subarray(offset - length, offset) };
  });
}
