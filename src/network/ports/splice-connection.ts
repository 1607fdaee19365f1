import fs from 'node:fs';
import { openPipe, widenPipe } from '#sys/pipe.ts';
import { SHUT_WR, shutdownSocket } from '#sys/seqpacket.ts';
import { spliceBytes } from '#sys/splice.ts';
import { connectionError, resetConnection } from '#sys/stream-socket.ts';

/** Two sockets of which each gets what the other one receives. */
export interface SpliceConnection {
  /**
   * Moves what can be moved; to be called whenever one of the sockets has become readable or writable.
   * @param writable the one of them that has become writable, which ends its connecting
   * @returns `waiting` for the next such time; `busy`: there is more, and others should have their turn before; `ended`: all is closed
   */
  pump(writable?: number): 'waiting' | 'busy' | 'ended';
  /** Ends it in a way that both peers take for a failure. */
  reset(): void;
}

/** The size of a pipe is what one call can move. It grows, once, when it was full: most connections never fill it. */
const pipeBytes = 64 * 1024;
const widePipeBytes = 256 * 1024;
const turns = 16;

/** One direction. */
interface Flow {
  readonly from: number;
  readonly to: number;
  /** Between the two sockets, as splice(2) wants it. Gone when the direction has ended. */
  pipe: { readFd: number; writeFd: number } | undefined;
  inPipe: number;
  capacity: number;
  /** `from` will say no more. */
  drained: boolean;
}

/**
 * @param client and container: sockets that do not block, which are taken over; `container` may be still connecting
 * @throws SystemError EMFILE; then both are closed
 */
export function createSpliceConnection(client: number, container: number): SpliceConnection {
  const flows: Flow[] = [];
  let connected = false;
  let ended = false;

  function closePipe(flow: Flow): void {
    if (flow.pipe === undefined) return;
    fs.closeSync(flow.pipe.readFd);
    fs.closeSync(flow.pipe.writeFd);
    flow.pipe = undefined;
  }

  function end(close: (fd: number) => void): void {
    if (ended) return;
    ended = true;
    for (const flow of flows) closePipe(flow);
    close(client);
    close(container);
  }

  /** @returns whether anything moved */
  function moveOnce(flow: Flow): boolean {
    const { pipe, from, to } = flow;
    if (pipe === undefined) return false;
    let moved = false;
    if (!flow.drained && flow.inPipe < flow.capacity) {
      const count = spliceBytes(from, pipe.writeFd, flow.capacity - flow.inPipe);
      flow.drained = count === 0;
      flow.inPipe += count ?? 0;
      moved = count !== undefined;
      if (flow.inPipe === pipeBytes && flow.capacity === pipeBytes) {
        flow.capacity = widenPipe(pipe.writeFd, widePipeBytes);
      }
    }
    if (flow.inPipe > 0) {
      const count = spliceBytes(pipe.readFd, to, flow.inPipe) ?? 0;
      flow.inPipe -= count;
      moved ||= count > 0;
    }
    if (flow.drained && flow.inPipe === 0) {
      shutdownSocket(to, SHUT_WR);
      closePipe(flow);
    }
    return moved;
  }

  function move(): 'waiting' | 'busy' | 'ended' {
    let more = true;
    for (let turn = 0; more && turn < turns; turn++) {
      more = false;
      for (const flow of flows) more = moveOnce(flow) || more;
    }
    if (flows.every(({ pipe }) => pipe === undefined)) {
      end(fs.closeSync);
      return 'ended';
    }
    return more ? 'busy' : 'waiting';
  }

  const reset = (): void => end(resetConnection);
  try {
    for (const [from, to] of [
      [client, container],
      [container, client],
    ] as const) {
      flows.push({ from, to, pipe: openPipe(), inPipe: 0, capacity: pipeBytes, drained: false });
    }
  } catch (error) {
    reset();
    throw error;
  }
  return {
    pump(writable) {
      if (ended) return 'ended';
      try {
        if (!connected && writable === container) {
          const failure = connectionError(container);
          if (failure !== undefined) throw failure;
          connected = true;
        }
        return connected ? move() : 'waiting';
      } catch {
        // Each end learns of the other's end, whichever way it came.
        reset();
        return 'ended';
      }
    },
    reset,
  };
}
