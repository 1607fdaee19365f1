import { once } from 'node:events';
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createListener, type Server as Listener, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { encodeError } from '#api/http/error-response.ts';
import { Exchange, type Upgrade } from '#api/http/exchange.ts';
import { createRouter, type Router } from '#api/http/router.ts';
import { createRoutes } from '#api/routes/all.ts';
import { parseApiVersion } from '#api/versions.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { defaultApiMinor, formatApiVersion } from '#wire/api-version.ts';

/**
 * The door for Docker's clients: the Engine API over HTTP/1.1, versions 1.22 to 1.56.
 *
 *   listen           → any number of times: unix sockets and TCP addresses
 *   connectInProcess → the same server without a socket, for the embedded library and tests
 *   close            → stops listening, aborts what is under way and ends every connection
 */
export interface ApiServer extends AsyncDisposable {
  /** @returns the port, for TCP */
  listen(address: { path: string } | { host: string; port: number }): Promise<{ port?: number }>;
  /** The client's end of a new connection. */
  connectInProcess(): Duplex;
  close(): Promise<void>;
}

/** Credentials, build configuration and long label filters travel in headers and the request line. */
const maximumHeaderBytes = 256 * 1024;

export function createApiServer(engine: Engine, options: { log: Log }): ApiServer {
  const { log } = options;
  const router = createRouter(createRoutes(engine));
  const closing = new AbortController();
  /** All connections: an HTTP server that does not listen itself does not count those that it is handed. */
  const connections = new Set<Duplex>();
  const listeners: Listener[] = [];
  const version = engine.system.version();
  const standardHeaders = {
    'Api-Version': formatApiVersion(defaultApiMinor),
    'Docker-Experimental': 'false',
    Ostype: version.os,
    Server: `Dhow/${version.version} (${version.os})`,
  };

  function answer(request: IncomingMessage, response: ServerResponse, upgrade: Upgrade | undefined): void {
    const [path = '/', queryText = ''] = splitOnce(request.url ?? '/', '?');
    for (const [name, value] of Object.entries(standardHeaders)) response.setHeader(name, value);
    const exchange = new Exchange(
      {
        request,
        response,
        upgrade,
        standardHeaders,
        serverSignal: closing.signal,
        log,
      },
      queryText,
      defaultApiMinor,
    );
    // Without the query, which may hold what is nobody else's business.
    log.debug('request', { method: request.method, path });
    dispatch(router, exchange, request.method ?? 'GET', path).catch((error: unknown) =>
      answerError(exchange, error),
    );
  }

  const server = createServer(
    {
      maxHeaderSize: maximumHeaderBytes,
      // An image may take any time to load, and Go's clients keep idle connections in a pool.
      requestTimeout: 0,
      keepAliveTimeout: 0,
      shouldUpgradeCallback: (request) => upgradeOf(request) !== undefined,
    },
    (request, response) => answer(request, response, undefined),
  );
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    if (head.length > 0) socket.unshift(head);
    socket.on('error', () => socket.destroy());
    // A refusal is an ordinary answer, so the exchange begins in HTTP here too.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    answer(request, response, upgradeOf(request));
  });

  function adopt(socket: Duplex): void {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    server.emit('connection', socket);
  }

  async function close(): Promise<void> {
    closing.abort(new DhowError('Unavailable', 'the daemon is shutting down'));
    const closed = listeners.map(
      (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
    );
    for (const socket of connections) socket.destroy();
    await Promise.all(closed);
  }

  return {
    async listen(address) {
      const listener = createListener({ allowHalfOpen: true, noDelay: true }, adopt);
      await listenPrivately(listener, address);
      listeners.push(listener);
      const bound = listener.address();
      return typeof bound === 'object' && bound !== null ? { port: bound.port } : {};
    },
    connectInProcess() {
      const [client, served] = duplexPair();
      // The halves of a pair end together but are not destroyed together, as those of a socket are.
      client.once('close', () => served.destroy());
      served.once('close', () => client.destroy());
      adopt(served);
      return client;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Who may connect to the daemon is root on this host, so a unix socket is made for its owner and group alone, whatever the umask. */
async function listenPrivately(
  listener: Listener,
  address: { path: string } | { host: string; port: number },
): Promise<void> {
  const listening = once(listener, 'listening');
  const umask = process.umask(0o117);
  try {
    // The socket file is made within this call.
    listener.listen(address);
  } finally {
    process.umask(umask);
  }
  await listening;
}

function upgradeOf({ headers }: IncomingMessage): Upgrade | undefined {
  const wanted = headers.upgrade?.toLowerCase();
  return wanted === 'tcp' || wanted === 'websocket' ? wanted : undefined;
}

async function dispatch(router: Router, exchange: Exchange, method: string, fullPath: string): Promise<void> {
  const versioned = /^\/v(\d+\.\d+)(\/.*)$/.exec(fullPath);
  if (versioned) exchange.minor = parseApiVersion(versioned[1] ?? '');
  const found = router.find(method, versioned?.[2] ?? fullPath, exchange.minor);
  if (!found) {
    exchange.sendJson(404, { message: 'page not found', kind: 'NotFound' });
    return;
  }
  exchange.parameters = found.parameters;
  await found.route.handler(exchange);
}

function answerError(exchange: Exchange, error: unknown): void {
  exchange.report(error);
  const { status, body } = encodeError(error);
  if (exchange.begun) exchange.destroy();
  else exchange.sendJson(status, body);
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
