import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { openDatagrams } from '#log-drivers/datagrams.ts';
import type { SyslogAddress, SyslogSettings } from '#log-drivers/syslog/options.ts';

/** Carries whole messages. */
export interface Connection {
  /** @throws any error when the connection is gone */
  send(message: Uint8Array): Promise<void>;
  close(): void;
}

const localPaths = ['/dev/log', '/var/run/syslog', '/var/run/log'];
/** A peer that does not answer in this time is not there. */
const patienceMs = 10_000;

/** @throws any error when nobody listens */
export async function connectSyslog({ address, tls }: SyslogSettings): Promise<Connection> {
  if (address === undefined) return connectLocally();
  switch (address.protocol) {
    case 'udp':
      return openUdp(address);
    case 'unixgram':
      return openDatagrams(address.path);
    case 'unix':
      return openStream(connectSocket({ path: address.path }), 'connect');
    case 'tcp':
      return openStream(connectSocket({ host: address.host, port: address.port }), 'connect');
    case 'tcp+tls': {
      const { host, port } = address;
      const files = { ca: readFile(tls.ca), cert: readFile(tls.cert), key: readFile(tls.key) };
      const name = isIP(host) === 0 ? { servername: host } : {};
      const socket = connectTls({ host, port, ...files, ...name, rejectUnauthorized: !tls.skipVerify });
      return openStream(socket, 'secureConnect');
    }
  }
}

function readFile(path: string | undefined): Buffer | undefined {
  return path === undefined ? undefined : fs.readFileSync(path);
}

/** As syslog(3) does: the socket is of one kind or the other. */
async function connectLocally(): Promise<Connection> {
  let failure: unknown;
  for (const path of localPaths) {
    try {
      return openDatagrams(path);
    } catch (error) {
      failure ??= error;
    }
    try {
      return await openStream(connectSocket({ path }), 'connect');
    } catch {
      // The first failure is that of the usual place.
    }
  }
  throw failure;
}

async function openUdp({ host, port }: Extract<SyslogAddress, { host: string }>): Promise<Connection> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  // Errors are told to the send that finds them.
  socket.on('error', () => {});
  try {
    socket.connect(port, host);
    await once(socket, 'connect', { signal: AbortSignal.timeout(patienceMs) });
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.unref();
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(message, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => socket.close(),
  };
}

async function openStream(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Connection> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(patienceMs) });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  // A server that says goodbye reads nothing more; what it says otherwise is of no interest.
  socket.on('close', () => {
    failure ??= new Error('the connection was closed');
  });
  socket.resume();
  socket.unref();
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (failure) reject(failure);
        else socket.write(message, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => socket.destroy(),
  };
}
