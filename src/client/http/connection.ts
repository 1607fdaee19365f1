import { type Duplex, Readable } from 'node:stream';
import { type ResponseHead, ResponseParser } from '#client/http/response-parser.ts';
import { DhowError } from '#errors/error.ts';

export interface Exchange {
  readonly method: string;
  /** The whole request head, and the body when it is small. */
  readonly head: string;
  /** A body that follows in chunks or raw; already framed. */
  readonly body?: AsyncIterable<Uint8Array | string>;
  readonly upgrade: boolean;
}

export type Reply =
  | { readonly head: ResponseHead; readonly body: Readable; readonly stream?: undefined }
  | { readonly head: ResponseHead; readonly stream: Duplex; readonly body?: undefined };

/** The peer was gone before it said anything: on a kept connection the request may be tried once more. */
export class StaleConnection extends Error {}

/**
 * Sends one request over `stream` and resolves with the head of the answer. `release` is called once when the connection is
 * free for another request; when it is not to be used again the stream is destroyed instead.
 *
 * Back-pressure: the stream is paused while nobody reads the body.
 */
export function exchange(
  stream: Duplex,
  request: Exchange,
  release: () => void,
  signal?: AbortSignal,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let body: Readable | undefined;
    let reply: ResponseHead | undefined;
    let sent = request.body === undefined;
    let received = false;

    const parser = new ResponseParser(
      {
        head: (head) => {
          reply = head;
          if (head.upgraded) return;
          body = new Readable({
            read: () => void stream.resume(),
            destroy: (error, done) => {
              if (!received) fail(new DhowError('Cancelled', 'the answer was not read to its end'));
              done(error);
            },
          });
          // It may fail before its reader has begun; the reader then gets the error from the iteration.
          body.on('error', () => {});
          resolve({ head, body });
        },
        data: (bytes) => {
          if (body?.push(bytes) === false) stream.pause();
        },
        end: () => {
          received = true;
          body?.push(null);
          settle();
        },
      },
      { method: request.method, upgrade: request.upgrade },
    );

    const onData = (bytes: Buffer) => {
      try {
        const rest = parser.push(bytes);
        if (reply?.upgraded) handOver(reply, rest);
        else if (rest.length > 0) stream.destroy();
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = () => {
      try {
        if (parser.untouched) fail(new StaleConnection('the daemon closed the connection without an answer'));
        else {
          parser.finish();
          stream.destroy();
        }
      } catch (error) {
        fail(error);
      }
    };
    const onError = (error: Error) =>
      fail(parser.untouched ? new StaleConnection(error.message) : lost(error));
    const onClose = () => fail(lost(new Error('connection closed')));
    const onAbort = () => fail(new DhowError('Cancelled', 'the request was cancelled'));

    const detach = () => {
      stream.off('data', onData);
      stream.off('end', onEnd);
      stream.off('close', onClose);
      stream.off('error', onError);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      detach();
      // A destroyed socket may still report; nobody else listens.
      stream.on('error', () => {});
      stream.destroy();
      received = true;
      reject(error);
      if (body && !body.readableEnded) body.destroy(error as Error);
    };
    const settle = () => {
      if (!received || !reply) return;
      detach();
      stream.on('error', () => {});
      if (reply.keepAlive && sent && !stream.destroyed) {
        stream.removeAllListeners('error');
        release();
      } else stream.destroy();
    };
    const handOver = (head: ResponseHead, rest: Buffer) => {
      detach();
      stream.pause();
      if (rest.length > 0) stream.unshift(rest);
      resolve({ head, stream });
    };

    stream.on('data', onData);
    stream.on('end', onEnd);
    stream.on('close', onClose);
    stream.on('error', onError);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    stream.resume();
    stream.write(request.head);
    if (request.body !== undefined) {
      sendBody(stream, request.body, () => received).then(
        () => {
          sent = true;
        },
        (error) => fail(error),
      );
    }
  });
}

async function sendBody(
  stream: Duplex,
  body: AsyncIterable<Uint8Array | string>,
  answered: () => boolean,
): Promise<void> {
  for await (const piece of body) {
    // The daemon has answered for good: it does not want the rest.
    if (answered() || stream.destroyed) return;
    if (stream.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const proceed = () => {
        stream.off('drain', proceed);
        stream.off('close', proceed);
        resolve();
      };
      stream.on('drain', proceed);
      stream.on('close', proceed);
    });
  }
}

function lost(error: Error): DhowError {
  return new DhowError('Unavailable', `the connection to the daemon was lost: ${error.message}`, {
    cause: error,
  });
}
