import net from 'node:net';
import type { Log } from '#log/log.ts';

/**
 * A published port where the kernel cannot translate: a client speaks IPv6 and the container has IPv4 only (or the other
 * way round), or a process of the host uses ::1, whose packets never leave the loopback device. The daemon accepts such
 * connections and passes bytes on; all others it never sees. A relayed connection ends with the daemon, and the container
 * sees the host as the client.
 */
const maximumConnections = 4096;

/** Where the container is at the moment; undefined while it is nowhere. */
export type RelayTarget = () => { host: string; port: number } | undefined;

/** @param fd a listening socket, which is taken over */
export function relay(fd: number, target: RelayTarget, log: Log): Disposable {
  const open = new Set<net.Socket>();
  const keep = (socket: net.Socket): void => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  };
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    keep(client);
    const to = target();
    if (to === undefined) {
      client.resetAndDestroy();
      return;
    }
    const container = net.connect({ ...to, allowHalfOpen: true, noDelay: true });
    keep(container);
    // Each end learns of the other's end, whichever way it came.
    client.on('error', () => container.resetAndDestroy());
    container.on('error', () => client.resetAndDestroy());
    container.once('connect', () => {
      client.pipe(container);
      container.pipe(client);
      client.resume();
    });
  });
  server.maxConnections = maximumConnections;
  server.on('error', (error) => log.warn('a published port is not relayed', { error: error.message }));
  server.listen({ fd });
  server.unref();
  return {
    [Symbol.dispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
