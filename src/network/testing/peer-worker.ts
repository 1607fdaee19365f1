import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { connectSctp, listenSctp } from '#network/testing/sctp-socket.ts';
import { check, libc, SystemError } from '#sys/libc.ts';

/**
 * The thread behind a `Peer`: it moves into a network namespace for good, and then serves and connects like any
 * program there. Only this thread moves; addresses are given as numbers, so no thread of the pool is asked.
 */
export type PeerCall =
  | { verb: 'serve'; protocol: 'tcp' | 'udp' | 'sctp'; port: number; name: string; host: string }
  | { verb: 'read'; path: string }
  | { verb: 'transfer'; protocol: 'tcp' | 'udp'; host: string; port: number; bytes: number }
  | {
      verb: 'exchange';
      transport: 'udp' | 'tcp';
      host: string;
      port: number;
      message: Uint8Array;
      timeoutMs: number;
    }
  | {
      verb: 'ask';
      protocol: 'tcp' | 'udp' | 'sctp';
      host: string;
      port: number;
      timeoutMs: number;
      localPort: number;
    };

const setns = libc.func('int setns(int fd, int type)');
const CLONE_NEWNET = 0x40000000;

const fd = fs.openSync(String(workerData), 'r');
check('setns', setns(fd, CLONE_NEWNET), String(workerData));
fs.closeSync(fd);

parentPort?.on('message', ({ id, call }: { id: number; call: PeerCall }) => {
  answer(call).then(
    (result) => parentPort?.postMessage({ id, result }),
    (error: unknown) => parentPort?.postMessage({ id, error: String(error) }),
  );
});

async function answer(call: PeerCall): Promise<string | Uint8Array> {
  if (call.verb === 'read') return fs.readFileSync(call.path, 'utf8');
  if (call.verb === 'transfer') return call.protocol === 'tcp' ? transferTcp(call) : transferUdp(call);
  if (call.verb === 'exchange') return call.transport === 'udp' ? exchangeUdp(call) : exchangeTcp(call);
  if (call.verb === 'serve') return call.protocol === 'udp' ? serveUdp(call) : serveStream(call);
  return call.protocol === 'udp' ? askUdp(call) : askStream(call);
}

/** Answers every connection with its name and the client's address; one named "echo" gives back what it gets. */
function serveStream({ protocol, port, name, host }: PeerCall & { verb: 'serve' }): Promise<string> {
  return new Promise((resolve, reject) => {
    const where = protocol === 'sctp' ? { fd: listenSctp(host, port) } : { port, host };
    net
      .createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => {});
        if (name === 'echo') socket.pipe(socket);
        else socket.end(`${name} ${socket.remoteAddress?.replace('::ffff:', '')}`);
      })
      .on('error', reject)
      .listen(where, () => resolve('serving'));
  });
}

function serveUdp({ port, name, host }: PeerCall & { verb: 'serve' }): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
    socket.on('error', reject);
    socket.on('message', (message, from) => {
      socket.send(name === 'echo' ? message : `${name} ${from.address}`, from.port, from.address);
    });
    socket.bind(port, host, () => resolve('serving'));
  });
}

async function askStream({ protocol, host, port, timeoutMs }: PeerCall & { verb: 'ask' }): Promise<string> {
  const fd = protocol === 'sctp' ? tryConnectSctp(host, port) : undefined;
  if (typeof fd === 'string') return fd;
  return new Promise((resolve) => {
    let text = '';
    const socket = fd === undefined ? net.connect({ host, port }) : new net.Socket({ fd });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout')));
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(text));
  });
}

/** The descriptor, or the errno name of the failure. */
function tryConnectSctp(host: string, port: number): number | string {
  try {
    return connectSctp(host, port);
  } catch (error) {
    return error instanceof SystemError ? error.code : String(error);
  }
}

const udpClients = new Map<number, dgram.Socket>();

/** Asks from one local port again and again when it is given, as a client that never pauses does. */
function askUdp({ host, port, timeoutMs, localPort }: PeerCall & { verb: 'ask' }): Promise<string> {
  return new Promise((resolve) => {
    const socket = udpClients.get(localPort) ?? dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
    const finish = (text: string) => {
      clearTimeout(timer);
      socket.removeAllListeners('message');
      if (localPort === 0) socket.close();
      resolve(text);
    };
    const timer = setTimeout(finish, timeoutMs, 'timeout');
    socket.on('message', (message) => finish(message.toString()));
    if (localPort === 0 || udpClients.has(localPort)) {
      socket.send('?', port, host);
      return;
    }
    udpClients.set(localPort, socket);
    socket.bind(localPort, () => socket.send('?', port, host));
  });
}

/** Sends bytes to a server named "echo" and tells whether the same ones came back: "whole", or how many came. */
function transferTcp({ host, port, bytes }: PeerCall & { verb: 'transfer' }): Promise<string> {
  return new Promise((resolve) => {
    const sent = randomBytes(bytes);
    const received: Buffer[] = [];
    const socket = net.connect({ host, port, allowHalfOpen: true });
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('end', () => {
      const all = Buffer.concat(received);
      resolve(all.equals(sent) ? 'whole' : `${all.length} bytes`);
    });
    socket.end(sent);
  });
}

const datagramBytes = 1400;
const datagramsAtOnce = 8;
const resendMs = 200;

/** The same in datagrams, some on the way at once; one that is lost is sent again. */
function transferUdp({ host, port, bytes }: PeerCall & { verb: 'transfer' }): Promise<string> {
  return new Promise((resolve) => {
    const missing = new Map(
      Array.from({ length: Math.ceil(bytes / datagramBytes) }, (_, index) => {
        const datagram = randomBytes(datagramBytes);
        datagram.writeUInt32BE(index);
        return [index, datagram];
      }),
    );
    const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
    const sendSome = (): void => {
      for (const datagram of [...missing.values()].slice(0, datagramsAtOnce))
        socket.send(datagram, port, host);
    };
    const timer = setInterval(sendSome, resendMs);
    socket.on('message', (message) => {
      const index = message.readUInt32BE();
      if (missing.get(index)?.equals(message)) missing.delete(index);
      if (missing.size % datagramsAtOnce === 0) sendSome();
      if (missing.size > 0) return;
      clearInterval(timer);
      socket.close();
      resolve('whole');
    });
    sendSome();
  });
}

/** Sends one message from a connected socket, as resolvers of C libraries do, and gives the first one that comes back. */
function exchangeUdp({
  host,
  port,
  message,
  timeoutMs,
}: PeerCall & { verb: 'exchange' }): Promise<string | Uint8Array> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    const finish = (result: string | Uint8Array) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(finish, timeoutMs, 'timeout');
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on('message', finish);
    socket.connect(port, host, () => socket.send(message));
  });
}

/** The same by TCP, with the length before each message. */
function exchangeTcp({
  host,
  port,
  message,
  timeoutMs,
}: PeerCall & { verb: 'exchange' }): Promise<string | Uint8Array> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    let received: Buffer = Buffer.alloc(0);
    const finish = (result: string | Uint8Array) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on('close', () => finish('closed'));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 2 ? Infinity : received.readUInt16BE(0);
      if (received.length >= length + 2) finish(received.subarray(2, length + 2));
    });
    socket.write(Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]));
  });
}
