import dgram from 'node:dgram';
import net from 'node:net';
import type { Log } from '#log/log.ts';
import { formatIp } from '#network/addresses/ip.ts';
import type { RelayTarget } from '#network/ports/relay.ts';

/** Datagrams have no end: a client that says and hears nothing for so long is forgotten, as the kernel's translation does. */
const idleMs = 120_000;
const maximumClients = 1024;

/**
 * The same as `relay` for UDP. Each client has a socket of its own towards the container, by whose port the answers find back.
 * @param fd a bound socket of IPv6, which is taken over
 */
export function relayDatagrams(fd: number, target: RelayTarget, log: Log): Disposable {
  const clients = new Map<string, { socket: dgram.Socket; idle: NodeJS.Timeout }>();
  const server = dgram.createSocket('udp6');
  let open = true;

  function forget(key: string): void {
    const client = clients.get(key);
    if (client === undefined) return;
    clients.delete(key);
    clearTimeout(client.idle);
    client.socket.close();
  }

  function admit(key: string, from: dgram.RemoteInfo, to: { host: string; port: number }) {
    const [oldest] = clients.keys();
    if (clients.size >= maximumClients && oldest !== undefined) forget(oldest);
    const socket = dgram.createSocket(net.isIPv6(to.host) ? 'udp6' : 'udp4');
    const client = { socket, idle: setTimeout(forget, idleMs, key).unref() };
    clients.set(key, client);
    // What cannot be sent is lost, as datagrams may be.
    socket.on('error', () => forget(key));
    socket.on('message', (message, sender) => {
      if (!open || sender.address !== to.host || sender.port !== to.port) return;
      client.idle.refresh();
      server.send(message, from.port, from.address, () => {});
    });
    socket.unref();
    return client;
  }

  server.on('error', (error) => log.warn('a published port is not relayed', { error: error.message }));
  server.on('message', (message, from) => {
    const where = target();
    if (where === undefined || from.port === 0) return;
    const to = { host: formatIp(where.address), port: where.port };
    // A container that has moved meanwhile is another one for its clients.
    const key = `${from.address} ${from.port} ${to.host} ${to.port}`;
    const client = clients.get(key) ?? admit(key, from, to);
    client.idle.refresh();
    client.socket.send(message, to.port, to.host, () => {});
  });
  server.bind({ fd });
  server.unref();
  return {
    [Symbol.dispose]() {
      open = false;
      server.close();
      for (const key of [...clients.keys()]) forget(key);
    },
  };
}
