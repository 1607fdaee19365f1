import fs from 'node:fs';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { createSpliceConnection, type SpliceConnection } from '#network/ports/splice-connection.ts';
import {
  createEpoll,
  EPOLLIN,
  EPOLLOUT,
  waitForEvents,
  wakeKey,
  watchDescriptor,
  watchEdges,
} from '#sys/epoll-calls.ts';
import { beginConnection, resetConnection } from '#sys/stream-socket.ts';

/** What the daemon tells the thread. */
export type RelayOrder =
  /** Takes `client` over, and connects it with the address (see `socketAddress`). */
  | { kind: 'connect'; relay: number; client: number; address: Uint8Array }
  /** Ends all connections of a relay. */
  | { kind: 'end'; relay: number }
  | { kind: 'stop' };

export interface RelayWorkerData {
  orders: MessagePort;
  /** Written to when there are orders. */
  wakeFd: number;
}

/** Of one relay. */
const maximumConnections = 4096;

/**
 * The thread that passes on the bytes of relayed connections, so that the daemon's own goes on answering. It sleeps in epoll_wait(2), and the
 * bytes do not pass through it but through pipes of the kernel.
 */
function serve({ orders, wakeFd }: RelayWorkerData): void {
  const epollFd = createEpoll();
  const connections = new Map<number, { relay: number; connection: SpliceConnection }>();
  const counts = new Map<number, number>();
  const busy = new Set<number>();
  const events = Buffer.alloc(16 * 64);
  const counter = Buffer.alloc(8);
  let nextKey = wakeKey + 1;

  function connect({ relay, client, address }: RelayOrder & { kind: 'connect' }): void {
    if ((counts.get(relay) ?? 0) >= maximumConnections) {
      resetConnection(client);
      return;
    }
    let container: number;
    try {
      container = beginConnection(Buffer.from(address));
    } catch {
      resetConnection(client);
      return;
    }
    let connection: SpliceConnection | undefined;
    try {
      connection = createSpliceConnection(client, container);
      do nextKey = (nextKey + 1) & 0x7fffffff;
      while (nextKey === wakeKey || connections.has(nextKey));
      watchEdges(epollFd, container, nextKey);
      watchEdges(epollFd, client, nextKey);
    } catch {
      // No descriptor or memory left: as if the container had refused.
      connection?.reset();
      return;
    }
    connections.set(nextKey, { relay, connection });
    counts.set(relay, (counts.get(relay) ?? 0) + 1);
  }

  function forget(key: number): void {
    const relay = connections.get(key)?.relay;
    connections.delete(key);
    busy.delete(key);
    if (relay === undefined) return;
    const count = (counts.get(relay) ?? 1) - 1;
    if (count === 0) counts.delete(relay);
    else counts.set(relay, count);
  }

  function pump(key: number, writable?: number): void {
    const outcome = connections.get(key)?.connection.pump(writable);
    if (outcome === 'busy') busy.add(key);
    else busy.delete(key);
    if (outcome === 'ended') forget(key);
  }

  function end(relay?: number): void {
    for (const [key, one] of connections) {
      if (relay !== undefined && one.relay !== relay) continue;
      one.connection.reset();
      forget(key);
    }
  }

  watchDescriptor(epollFd, 'add', wakeFd, wakeKey, EPOLLIN);
  for (let open = true; open; ) {
    for (const { fd, key, events: seen } of waitForEvents(epollFd, events, busy.size > 0 ? 'now' : 'event')) {
      if (key !== wakeKey) {
        pump(key, (seen & EPOLLOUT) === 0 ? undefined : fd);
        continue;
      }
      fs.readSync(wakeFd, counter);
      watchDescriptor(epollFd, 'modify', wakeFd, wakeKey, EPOLLIN);
      for (let next = receiveMessageOnPort(orders); next; next = receiveMessageOnPort(orders)) {
        const order = next.message as RelayOrder;
        if (order.kind === 'connect') connect(order);
        else if (order.kind === 'end') end(order.relay);
        else open = false;
      }
    }
    for (const key of [...busy]) pump(key);
  }
  end();
  fs.closeSync(epollFd);
}

serve(workerData as RelayWorkerData);
