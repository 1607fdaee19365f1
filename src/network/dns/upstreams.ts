import { Buffer } from 'node:buffer';
import { randomInt } from 'node:crypto';
import dgram from 'node:dgram';
import net from 'node:net';
import type { Query } from '#network/dns/message.ts';
import { type Response, readResponse } from '#network/dns/response.ts';

/** The name servers that know the rest of the world, asked from the host's network. */
export interface Upstreams {
  /**
   * Asks the servers in turn. The next one is asked as soon as one has failed, or has not answered for a while; the first
   * good answer counts.
   * @param message the client's query, whose id is replaced
   * @returns undefined when none of them answers
   */
  ask(
    servers: readonly string[],
    message: Buffer,
    query: Query,
    transport: 'udp' | 'tcp',
  ): Promise<Response | undefined>;
}

/** How long to wait for one server before the next is asked too, and how long in all. */
const patienceMs = 1000;
const limitMs = 4000;
/** A server that has not answered is asked last for a while, and nobody waits for it long. */
const suspectForMs = 10_000;
const suspectPatienceMs = 200;
const serverPort = 53;
const maximumServers = 3;
/** A server's refusal is no answer as long as there is another server: SERVFAIL, NOTIMP, REFUSED. */
const unhelpfulCodes = new Set([2, 4, 5]);

/** @param now milliseconds of a clock that only goes forward */
export function createUpstreams(now: () => number): Upstreams {
  const suspectUntil = new Map<string, number>();

  return {
    async ask(servers, message, query, transport) {
      const isSuspect = (server: string) => (suspectUntil.get(server) ?? 0) > now();
      const order = servers
        .slice(0, maximumServers)
        .toSorted((a, b) => Number(isSuspect(a)) - Number(isSuspect(b)));
      const allSuspect = order.every(isSuspect);
      const controller = new AbortController();
      const attempts: Promise<Response | undefined>[] = [];
      const winner = Promise.withResolvers<Response>();
      let unhelpful: Response | undefined;

      for (const server of order) {
        const attempt = exchange(server, message, query, transport, controller.signal).then((response) => {
          if (response !== undefined && !unhelpfulCodes.has(response.code)) {
            suspectUntil.delete(server);
            winner.resolve(response);
            return response;
          }
          unhelpful ??= response;
          return undefined;
        });
        attempts.push(attempt);
        const patience = isSuspect(server) ? suspectPatienceMs : patienceMs;
        const outcome = await Promise.race([winner.promise, attempt, delay(patience, controller.signal)]);
        if (outcome === 'late') suspectUntil.set(server, now() + suspectForMs);
        else if (outcome !== undefined) break;
      }
      const rest = allSuspect ? suspectPatienceMs : limitMs - patienceMs;
      const outcome = await Promise.race([
        winner.promise,
        Promise.all(attempts).then(() => undefined),
        delay(rest, controller.signal),
      ]);
      controller.abort();
      return outcome === 'late' || outcome === undefined ? unhelpful : outcome;
    },
  };
}

/** A timer that goes away with the signal. */
function delay(milliseconds: number, signal: AbortSignal): Promise<'late'> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds, 'late');
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

/** One question to one server, with an id and a port that others cannot guess. undefined when it fails. */
function exchange(
  server: string,
  message: Buffer,
  query: Query,
  transport: 'udp' | 'tcp',
  signal: AbortSignal,
): Promise<Response | undefined> {
  const id = randomInt(0x10000);
  const request = Buffer.from(message);
  request.writeUInt16BE(id, 0);
  const read = (bytes: Buffer) => readResponse(bytes, id, query);
  return transport === 'udp'
    ? exchangeByUdp(server, request, read, signal)
    : exchangeByTcp(server, request, read, signal);
}

type Reader = (bytes: Buffer) => Response | undefined;

function exchangeByUdp(
  server: string,
  request: Buffer,
  read: Reader,
  signal: AbortSignal,
): Promise<Response | undefined> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(net.isIPv6(server) ? 'udp6' : 'udp4');
    let open = true;
    const finish = (response?: Response): void => {
      if (!open) return;
      open = false;
      socket.close();
      resolve(response);
    };
    signal.addEventListener('abort', () => finish(), { once: true });
    // Connected, so that only the server can answer, and so that an unreachable port is heard of at once.
    socket.on('error', () => finish());
    socket.on('message', (bytes) => {
      const response = read(bytes);
      if (response) finish(response);
    });
    socket.connect(serverPort, server, () => {
      if (open) socket.send(request, (error) => error && finish());
    });
  });
}

function exchangeByTcp(
  server: string,
  request: Buffer,
  read: Reader,
  signal: AbortSignal,
): Promise<Response | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: server, port: serverPort });
    let received: Buffer = Buffer.alloc(0);
    const finish = (response?: Response): void => {
      socket.destroy();
      resolve(response);
    };
    signal.addEventListener('abort', () => finish(), { once: true });
    socket.on('error', () => finish());
    socket.on('end', () => finish());
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (received.length >= length + 2) finish(read(received.subarray(2, length + 2)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(request.length);
    socket.write(Buffer.concat([length, request]));
  });
}
