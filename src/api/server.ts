import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeError } from '#api/http/error-response.ts';
import { Exchange, type Upgrade } from '#api/http/exchange.ts';
import { createRouter, type Router } from '#api/http/router.ts';
import { createRoutes } from '#api/routes/all.ts';
import { debugRoutes } from '#api/routes/debug.ts';
import { parseApiVersion } from '#api/versions.ts';
import type { Buildkit } from '#buildkit/buildkit.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { defaultApiMinor, formatApiVersion } from '#wire/api-version.ts';

/**
 * The door for Docker's clients: the Engine API over HTTP/1.1, versions 1.22 to 1.56.
 *
 *   accept           → a connection, from whoever listens; one of a socket must allow to be half open
 *   connectInProcess → the same without a socket, for the embedded library and tests
 *   close            → ends what goes on for as long as its client wants (logs, events, attached streams), lets the other requests end
 *                      within the given time, refuses new ones, and at last ends every connection
 */
export interface ApiServer extends AsyncDisposable {
  accept(connection: Duplex): void;
  /** The client's end of a new connection. */
  connectInProcess(): Duplex;
  close(graceMs?: number): Promise<void>;
}

export interface ApiServerOptions {
  log: Log;
  /** Whether `/debug/` is served at present. Default: never. */
  debug?: () => boolean;
  /** Default: clients of BuildKit are told that there is none. */
  buildkit?: Buildkit;
  /** Told of each request before it is served. */
  onRequest?: () => void;
}

/** Credentials, build configuration and long label filters travel in headers and the request line. */
const maximumHeaderBytes = 256 * 1024;

export function createApiServer(
  engine: Engine,
  { log, debug = () => false, buildkit, onRequest = () => {} }: ApiServerOptions,
): ApiServer {
  const exchanges = new Set<Exchange>();
  const router = createRouter([
    ...createRoutes(engine, buildkit),
    ...debugRoutes(debug, () => [...exchanges]),
  ]);
  let closing = false;
  /** All connections: an HTTP server that does not listen itself does not count those that it is handed. */
  const connections = new Set<Duplex>();
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
      { request, response, upgrade, standardHeaders, log },
      queryText,
      defaultApiMinor,
    );
    // Without the query, which may hold what is nobody else's business.
    log.debug('request', { method: request.method, path });
    onRequest();
    void serve(exchange, path);
  }

  async function serve(exchange: Exchange, path: string): Promise<void> {
    exchanges.add(exchange);
    try {
      if (closing) throw shuttingDown();
      await dispatch(router, exchange, exchange.request.method ?? 'GET', path);
    } catch (error) {
      answerError(exchange, error);
    }
    if (!exchange.hijacked) await exchange.closed;
    exchanges.delete(exchange);
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

  function accept(connection: Duplex): void {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    server.emit('connection', connection);
  }

  async function close(graceMs = 0): Promise<void> {
    closing = true;
    for (const exchange of exchanges) if (exchange.streaming) exchange.cut(shuttingDown());
    const waited = new AbortController();
    await Promise.race([
      Promise.all([...exchanges].filter(({ hijacked }) => !hijacked).map(({ closed }) => closed)),
      delay(graceMs, undefined, { signal: waited.signal }),
    ]);
    waited.abort();
    for (const exchange of exchanges) exchange.cut(shuttingDown());
    for (const connection of connections) connection.destroy();
  }

  return {
    accept,
    connectInProcess() {
      const [client, served] = duplexPair();
      // The halves of a pair end together but are not destroyed together, as those of a socket are.
      client.once('close', () => served.destroy());
      served.once('close', () => client.destroy());
      accept(served);
      return client;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function shuttingDown(): DhowError {
  return new DhowError('Unavailable', 'the daemon is shutting down');
}

function upgradeOf({ headers }: IncomingMessage): Upgrade | undefined {
  const wanted = headers.upgrade?.toLowerCase();
  return wanted === 'tcp' || wanted === 'websocket' || wanted === 'h2c' ? wanted : undefined;
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
