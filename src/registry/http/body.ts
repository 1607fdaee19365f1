import type { IncomingMessage } from 'node:http';
import { DhowError } from '#errors/error.ts';
import { networkFailure, shownUrl, TimeoutFailure } from '#registry/failures/network.ts';

/** Read ahead of the consumer, so that the network does not stand still while it works. */
const readAheadBytes = 1024 * 1024;

/** Bodies up to this size are read to the end so that the connection can be used again. */
const maxDrainBytes = 64 * 1024;

/**
 * The chunks of a response as the kernel delivers them. The time the consumer takes does not count as idle.
 *
 * @throws TransientFailure when the connection breaks, ends early or is idle for too long; the signal's reason
 */
export async function* readBody(
  response: IncomingMessage,
  { url, idleTimeoutMs, signal }: { url: URL; idleTimeoutMs: number; signal: AbortSignal },
): AsyncGenerator<Buffer, void> {
  const queue: Buffer[] = [];
  const state: BodyState = { queuedBytes: 0, isEnded: false, failure: undefined, wake: undefined };
  const fail = (error: unknown): void => {
    if (!state.isEnded) state.failure ??= { error };
    state.wake?.();
  };
  const onAbort = (): void => {
    response.destroy();
    fail(signal.reason);
  };
  const idle = setTimeout(() => {
    if (response.isPaused()) return;
    fail(new TimeoutFailure(`no data for ${idleTimeoutMs / 1000} s`));
    response.destroy();
  }, idleTimeoutMs);
  response.on('data', (chunk: Buffer) => {
    idle.refresh();
    queue.push(chunk);
    state.queuedBytes += chunk.length;
    if (state.queuedBytes >= readAheadBytes) response.pause();
    state.wake?.();
  });
  response.once('end', () => {
    state.isEnded = response.complete && !state.failure;
    state.wake?.();
  });
  response.once('error', fail);
  response.once('close', () =>
    fail(response.errored ?? new Error('the connection ended before the response')),
  );
  signal.addEventListener('abort', onAbort, { once: true });
  if (response.destroyed) fail(response.errored ?? new Error('the connection ended before the response'));

  try {
    for (;;) {
      signal.throwIfAborted();
      const chunk = queue.shift();
      if (chunk) {
        state.queuedBytes -= chunk.length;
        if (response.isPaused() && state.queuedBytes < readAheadBytes / 2) {
          idle.refresh();
          response.resume();
        }
        yield chunk;
      } else if (state.failure) {
        throw networkFailure(state.failure.error, url);
      } else if (state.isEnded) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          state.wake = resolve;
        });
        state.wake = undefined;
      }
    }
  } finally {
    clearTimeout(idle);
    signal.removeEventListener('abort', onAbort);
    if (!state.isEnded) response.destroy();
  }
}

interface BodyState {
  queuedBytes: number;
  isEnded: boolean;
  failure: { error: unknown } | undefined;
  /** Ends the consumer's wait. */
  wake: (() => void) | undefined;
}

/**
 * A whole body of at most `maxBytes`.
 *
 * @param what for the message: `manifest`
 * @throws InvalidParameter when it is larger; else as `readBody`
 */
export async function readWhole(
  response: IncomingMessage,
  options: { url: URL; idleTimeoutMs: number; signal: AbortSignal; maxBytes: number; what: string },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of readBody(response, options)) {
    size += chunk.length;
    if (size > options.maxBytes) {
      throw new DhowError(
        'InvalidParameter',
        `${options.what} from ${shownUrl(options.url)} is too large: the limit is ${options.maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Ends a response whose body is not wanted. */
export function discardBody(response: IncomingMessage): void {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  if (length <= maxDrainBytes) response.resume();
  else response.destroy();
}
