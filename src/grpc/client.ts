import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { DhowError } from '#errors/error.ts';
import { encodeFrame, readFrames } from '#grpc/frames.ts';
import type { MessageType } from '#grpc/message.ts';
import { decodeStatusMessage, errorOf, type Status } from '#grpc/status.ts';

/** Calls methods of the gRPC server at the other end of a connection. Disposing it ends the connection and what is under way. */
export interface GrpcClient extends Disposable {
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  /** A method with one request and one answer. @throws what the other side says; Unavailable when it is gone */
  call<A, B>(method: CalledMethod<A, B>, request: Partial<A>, options: CallOptions): Promise<B>;
  /** Any number of messages each way. */
  open<A, B>(method: CalledMethod<A, B>, options: CallOptions): OpenCall<A, B>;
}

export interface CalledMethod<A, B> {
  path: string;
  request: MessageType<A>;
  response: MessageType<B>;
}

export interface CallOptions {
  /** Several values of one name are a list. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  signal: AbortSignal;
}

export interface OpenCall<A, B> {
  /**
   * Several at once cost less than one after the other. Resolves when more may be sent.
   * @throws as `messages` when the call is over, Unavailable when it was ended well; the reason of the signal
   */
  send(...messages: Partial<A>[]): Promise<void>;
  /** No more will be sent. */
  end(): void;
  /** What the other side sends until it ends the call. @throws its error */
  messages: AsyncIterable<B>;
}

/** @param connection the other end speaks HTTP/2 as a server */
export function connectGrpc(connection: Duplex): GrpcClient {
  // The authority means nothing on a connection that is there.
  const session = connect('http://dhow', { createConnection: () => connection });
  session.on('error', () => session.destroy());
  const closed = once(session, 'close').then(
    () => {},
    () => {},
  );

  function open<A, B>(method: CalledMethod<A, B>, options: CallOptions): OpenCall<A, B> {
    const { signal } = options;
    const stream = request(session, method.path, options);
    const status = watchStatus(stream);
    function throwIfOver(): void {
      signal.throwIfAborted();
      if (status() !== undefined || stream.destroyed) throw failureOf(status()) ?? gone();
    }
    return {
      async send(...messages) {
        const frames = messages.map((message) => encodeFrame(method.request.encode(message)));
        throwIfOver();
        if (!stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames))) await drained(stream);
        throwIfOver();
      },
      end: () => void stream.end(),
      messages: messagesOf(stream, status, method.response, signal),
    };
  }

  return {
    closed,
    open,
    async call(method, message, options) {
      const { send, end, messages } = open(method, options);
      // What is wrong with a call that ended before it was asked is told by its messages.
      void send(message).then(end, () => {});
      let answer: Awaited<ReturnType<typeof method.response.decode>> | undefined;
      for await (const one of messages) answer = one;
      if (answer === undefined) throw new DhowError('Internal', `${method.path} gave no answer`);
      return answer;
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

function request(
  session: ClientHttp2Session,
  path: string,
  { headers = {}, signal }: CallOptions,
): ClientHttp2Stream {
  if (session.closed || session.destroyed) throw gone();
  const sent: OutgoingHttpHeaders = {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
    ),
  };
  const stream = session.request(sent, { signal });
  // What went wrong comes out where the messages are read.
  stream.on('error', () => {});
  return stream;
}

/** @returns how the other side has ended the call, as soon as it says so, whether its messages are read or not */
function watchStatus(stream: ClientHttp2Stream): () => Status | undefined {
  let status: Status | undefined;
  const take = (headers: Record<string, unknown>): void => {
    if (headers['grpc-status'] === undefined) return;
    const message = decodeStatusMessage(String(headers['grpc-message'] ?? ''));
    status = { code: Number(headers['grpc-status']), message };
  };
  // A call that fails at once has its status in the headers.
  stream.on('response', take);
  stream.on('trailers', take);
  return () => status;
}

function failureOf(status: Status | undefined): DhowError | undefined {
  return status === undefined || status.code === 0 ? undefined : errorOf(status);
}

async function* messagesOf<B>(
  stream: ClientHttp2Stream,
  status: () => Status | undefined,
  type: MessageType<B>,
  signal: AbortSignal,
): AsyncGenerator<B> {
  try {
    for await (const frame of readFrames(stream)) yield type.decode(frame);
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(status()) ?? (error instanceof DhowError ? error : gone(error));
  } finally {
    stream.close();
  }
  const failure = status() === undefined ? gone() : failureOf(status());
  if (failure !== undefined) throw failure;
}

/** A call that is over is not drained any more. */
async function drained(stream: ClientHttp2Stream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ['drain', 'response', 'trailers', 'close'];
  for (const event of events) stream.on(event, resolve);
  await promise;
  for (const event of events) stream.off(event, resolve);
}

function gone(cause?: unknown): DhowError {
  return new DhowError('Unavailable', 'the other side has closed the connection', { cause });
}
