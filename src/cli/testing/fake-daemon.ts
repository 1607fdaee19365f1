import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { CliContext, Output } from '#cli/context.ts';
import { dispatch } from '#cli/dispatch.ts';
import { registry } from '#cli/registry.ts';
import { createClient } from '#client/client.ts';
import { createInProcessTransport } from '#client/transport.ts';

/** What a fake daemon does with one request; the path is without query. */
export type Handler = (exchange: {
  body: string;
  query: URLSearchParams;
  /** Answers with JSON, or with nothing for `undefined`. */
  answer(status: number, value?: unknown): void;
  /** Answers with the head only; what follows is written to the response. */
  begin(status: number, headers: Record<string, string>): ServerResponse;
  /** Turns the connection into a raw stream. */
  upgrade(): Duplex;
}) => void;

export interface FakeDaemon {
  /** Method and path of each request, in the order of arrival. */
  readonly requests: string[];
  /** Listens on a unix socket at `path`. */
  listen(path: string): Promise<Listening>;
  /** Runs a command line of the CLI against the daemon. */
  run(
    words: readonly string[],
    settings?: { stdin?: Buffer | PassThrough; terminal?: boolean },
  ): Promise<Outcome>;
}

/** Lets the CLI as a program of its own reach the daemon. */
export interface Listening extends AsyncDisposable {
  readonly host: string;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A daemon in this process, spoken to by the real client over real HTTP, with the CLI's real dispatch. */
export function createFakeDaemon(handlers: Readonly<Record<string, Handler>>): FakeDaemon {
  const requests: string[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse | undefined, socket: Duplex) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    const key = `${request.method} ${url.pathname}`;
    requests.push(key);
    const body = await text(request);
    const answer = (status: number, value?: unknown) => {
      const json = value === undefined ? '' : JSON.stringify(value);
      if (response !== undefined)
        response.writeHead(status, { 'content-type': 'application/json' }).end(json);
      else socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    };
    const handler = handlers[key];
    if (handler === undefined) return answer(404, { message: `no route: ${key}` });
    handler({
      body,
      query: url.searchParams,
      answer,
      begin(status, headers) {
        if (response === undefined) throw new Error('the client asked for an upgrade');
        response.writeHead(status, headers).flushHeaders();
        return response;
      },
      upgrade() {
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
        return socket;
      },
    });
  };
  const sockets: Duplex[] = [];
  const server = createServer((request, response) => void serve(request, response, request.socket));
  server.on('upgrade', (request, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    void serve(request, undefined, socket);
  });
  server.on('connection', (socket) => sockets.push(socket));
  const transport = createInProcessTransport(() => {
    const [ours, theirs] = duplexPair();
    server.emit('connection', theirs);
    return ours;
  });

  return {
    requests,
    async listen(path) {
      server.listen(path);
      await once(server, 'listening');
      return {
        host: `unix://${path}`,
        async [Symbol.asyncDispose]() {
          // An upgraded connection is no longer the server's own to close.
          for (const socket of sockets) socket.destroy();
          await new Promise((closed) => server.close(closed));
        },
      };
    },
    async run(words, { stdin = Buffer.alloc(0), terminal = false } = {}) {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const texts = Promise.all([text(stdout), text(stderr)]);
      const input = Buffer.isBuffer(stdin) ? new PassThrough().end(stdin) : stdin;
      const client = createClient({ transport });
      const size = terminal ? { isTTY: true, columns: 99, rows: 33 } : {};
      const context: CliContext = {
        client,
        stdin: Object.assign(input, terminal ? { isTTY: true } : {}),
        stdout: Object.assign(stdout as Output, size),
        stderr,
        contextName: 'default',
        environment: {},
        workingDirectory: '/',
        configDirectory: '/nonexistent',
        signal: new AbortController().signal,
        signals: {
          listen: () => ({ [Symbol.dispose]() {} }),
          onResize: () => ({ [Symbol.dispose]() {} }),
        },
      };
      const code = await dispatch({ registry, stdout, stderr, createContext: () => context }, words);
      client.close();
      stdout.end();
      stderr.end();
      const [out, err] = await texts;
      return { code, stdout: out, stderr: err };
    },
  };
}
