import fs from 'node:fs';
import { MessageChannel, Worker } from 'node:worker_threads';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { RelayOrder, RelayWorkerData } from '#network/relay-worker.ts';
import { openEventfd } from '#sys/eventfd.ts';

/** The thread of all relayed connections; started with the first one. */
export interface RelayThread {
  /** @returns a number that no other relay has */
  newRelay(): number;
  /** Takes the client's socket over, and connects it. @param address as `socketAddress` makes it */
  connect(relay: number, client: number, address: Uint8Array): void;
  /** Ends the connections of a relay. */
  end(relay: number): void;
  /** Ends all of them. */
  close(): void;
}

export function createRelayThread(workerUrl: URL, log: Log): RelayThread {
  let relays = 0;
  let started: { order(order: RelayOrder): void } | undefined;

  function start(): typeof started {
    const wakeFd = openEventfd();
    const { port1: orders, port2 } = new MessageChannel();
    const workerData: RelayWorkerData = { orders: port2, wakeFd };
    const worker = new Worker(workerUrl, {
      workerData,
      transferList: [port2],
      // It closes sockets that this thread has opened.
      trackUnmanagedFds: false,
      // The thread's heap holds next to nothing.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
    });
    const order = (given: RelayOrder): void => {
      orders.postMessage(given);
      fs.writeSync(wakeFd, new Uint8Array(new BigUint64Array([1n]).buffer));
    };
    // Node joins its threads at exit, and this one does not look up from epoll_wait by itself.
    const stop = (): void => order({ kind: 'stop' });
    process.once('exit', stop);
    worker.unref();
    worker.on('error', (error) => log.error('relay-thread-failed', { error: messageOf(error) }));
    worker.once('exit', () => {
      process.off('exit', stop);
      if (started === own) started = undefined;
      orders.close();
      fs.closeSync(wakeFd);
    });
    const own = { order };
    return own;
  }

  return {
    newRelay: () => ++relays,
    connect(relay, client, address) {
      started ??= start();
      started?.order({ kind: 'connect', relay, client, address });
    },
    end(relay) {
      started?.order({ kind: 'end', relay });
    },
    close() {
      started?.order({ kind: 'stop' });
      started = undefined;
    },
  };
}
