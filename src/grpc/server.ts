import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DhowError } from '#errors/error.ts';
import { encodeFrame, readFrames } from '#grpc/frames.ts';
import type { MessageType } from '#grpc/message.ts';
import { encodeStatusMessage, type Status, statusOf } from '#grpc/status.ts';

/** One method of a service, by its path: `/package.Service/Method`. */
export interface Method {
  readonly path: string;
  answer(requests: AsyncIterable<Uint8Array>, call: Call): AsyncIterable<Uint8Array>;
}

export interface Call {
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the client goes away or cancels. */
  readonly signal: AbortSignal;
}

/** A method with one answer. */
export function unary<A, B>(
  path: string,
  request: MessageType<A>,
  response: MessageType<B>,
  handle: (request: A, call: Call) => Partial<B> | Promise<Partial<B>>,
): Method {
  return {
    path,
    async *answer(requests, call) {
      yield response.encode(await handle(request.decode(await onlyOne(requests)), call));
    },
  };
}

/** A method with any number of answers. */
export function serverStreaming<A, B>(
  path: string,
  request: MessageType<A>,
  response: MessageType<B>,
  handle: (request: A, call: Call) => AsyncIterable<Partial<B>>,
): Method {
  return {
    path,
    async *answer(requests, call) {
      const only = request.decode(await onlyOne(requests));
      for await (const value of handle(only, call)) yield response.encode(value);
    },
  };
}

/** A method with any number of requests and answers, in whatever order. */
export function bidirectional<A, B>(
  path: string,
  request: MessageType<A>,
  response: MessageType<B>,
  handle: (requests: AsyncIterable<A>, call: Call) => AsyncIterable<Partial<B>>,
): Method {
  async function* decoded(requests: AsyncIterable<Uint8Array>): AsyncGenerator<A> {
    for await (const bytes of requests) yield request.decode(bytes);
  }
  return {
    path,
    async *answer(requests, call) {
      for await (const value of handle(decoded(requests), call)) yield response.encode(value);
    },
  };
}

export interface GrpcServerOptions {
  methods: readonly Method[];
  /** Hears of each error that a client is told. */
  onError: (path: string, error: unknown) => void;
}

/**
 * Serves gRPC over HTTP/2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md) on connections that are handed to it. Methods that nobody
 * has are answered UNIMPLEMENTED, which clients take for an older server.
 */
export function createGrpcServer({ methods, onError }: GrpcServerOptions): {
  /** @param signal ends the connection */
  serve(connection: Duplex, signal: AbortSignal): void;
} {
  const byPath = new Map(methods.map((method) => [method.path, method]));
  const server = createServer();
  server.on('session', (session: ServerHttp2Session) => session.on('error', () => session.destroy()));
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    void serveCall(stream, headers);
  });

  async function serveCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const path = headers[':path'] ?? '';
    const gone = new AbortController();
    let status: Status = { code: 0, message: '' };
    stream.on('error', () => {});
    stream.once('close', () => gone.abort(new DhowError('Cancelled', 'the client ended the call')));
    stream.once('wantTrailers', () => {
      stream.sendTrailers({
        'grpc-status': String(status.code),
        'grpc-message': encodeStatusMessage(status.message),
      });
    });
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });

    async function* answers(): AsyncGenerator<Buffer> {
      try {
        const method = byPath.get(path);
        if (method === undefined)
          throw new DhowError('Unsupported', `${path.slice(0, 200)} is not supported`);
        const call = { headers, signal: gone.signal };
        for await (const answer of method.answer(readFrames(stream), call)) {
          yield encodeFrame(answer);
        }
      } catch (error) {
        status = statusOf(error);
        onError(path, error);
      }
    }
    // A client that went away needs no answer.
    await pipeline(answers, stream).catch(() => {});
  }

  return {
    serve(connection, signal) {
      const end = (): void => void connection.destroy();
      signal.addEventListener('abort', end, { once: true });
      connection.once('close', () => signal.removeEventListener('abort', end));
      server.emit('connection', connection);
    },
  };
}

async function onlyOne(requests: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let only: Uint8Array | undefined;
  for await (const request of requests) {
    if (only !== undefined) throw new DhowError('InvalidParameter', 'the call has more than one request');
    only = request;
  }
  if (only === undefined) throw new DhowError('InvalidParameter', 'the call has no request');
  return only;
}
