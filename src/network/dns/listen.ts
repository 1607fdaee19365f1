import type { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import net from 'node:net';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { AnswerQuery } from '#network/dns/answer-query.ts';
import { failure, type Query, readQuery, responseCodes } from '#network/dns/message.ts';
import { serveStream } from '#network/dns/stream.ts';

/** The two sockets of one container's resolver, already bound. */
export interface ResolverSockets {
  udpFd: number;
  tcpFd: number;
}

/** Bounds for one container: it must not be able to keep the daemon from its other work. */
const maximumQueriesPerSecond = 5000;
const maximumWaiting = 256;
const maximumConnections = 64;

/**
 * Serves a container's queries on its sockets until it is closed. Takes the descriptors over.
 * @param parts now: milliseconds of a clock that only goes forward
 */
export function listen(
  containerId: string,
  { udpFd, tcpFd }: ResolverSockets,
  answerQuery: AnswerQuery,
  { now, log }: { now: () => number; log: Log },
): Disposable {
  const admit = createAdmission(now);
  let waiting = 0;

  /** Whatever goes wrong with one question: it must not end the daemon. */
  function tryAnswer(query: Query, message: Buffer, transport: 'udp' | 'tcp'): Buffer | Promise<Buffer> {
    try {
      // However many questions wait for name servers: siblings are found.
      const mayForward = waiting < maximumWaiting;
      return answerQuery({ containerId, query, message, transport, mayForward });
    } catch (error) {
      log.error('query failed', { container: containerId, name: query.name, error: messageOf(error) });
      return failure(query, responseCodes.serverFailure);
    }
  }

  /** Calls `reply` at once for what is known, later for what is not, and not at all for what is no query. */
  function serve(message: Buffer, transport: 'udp' | 'tcp', reply: (answer: Buffer) => void): void {
    const read = readQuery(message);
    if (read === undefined) return;
    if ('refusal' in read) {
      reply(read.refusal);
      return;
    }
    const { query } = read;
    const answer = tryAnswer(query, message, transport);
    if (!(answer instanceof Promise)) {
      reply(answer);
      return;
    }
    waiting += 1;
    answer
      .catch(() => failure(query, responseCodes.serverFailure))
      .then((bytes) => {
        waiting -= 1;
        reply(bytes);
      })
      .catch(() => {});
  }

  const udp = dgram.createSocket('udp4');
  let open = true;
  // The client may have gone: nothing follows from that.
  udp.on('error', () => {});
  udp.on('message', (message, { address, port }) => {
    if (!admit() || port === 0) return;
    serve(message, 'udp', (answer) => {
      if (open) udp.send(answer, port, address, () => {});
    });
  });
  udp.bind({ fd: udpFd });
  udp.unref();

  const connections = new Set<net.Socket>();
  const tcp = net.createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveStream(socket, (message, reply) => {
      if (admit()) serve(message, 'tcp', reply);
    });
  });
  tcp.maxConnections = maximumConnections;
  tcp.on('error', () => {});
  tcp.listen({ fd: tcpFd });
  tcp.unref();

  return {
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

/** Lets so many through in a second; the rest is dropped unread. */
function createAdmission(now: () => number): () => boolean {
  let second = 0;
  let count = 0;
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      count = 0;
    }
    count += 1;
    return count <= maximumQueriesPerSecond;
  };
}
