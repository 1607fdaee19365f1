import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** An answer that goes on: logs, events, progress. */
export interface ResponseStream {
  /** Resolves when the client can take more; rejects when it has gone and `signal` is aborted. */
  write(data: string | Uint8Array, signal: AbortSignal): Promise<void>;
  /** Writes without waiting, for callers that cannot wait; what they send must be bounded by `congested`. */
  push(data: string): void;
  /** The client has not read what it was sent; further lines would only pile up. */
  readonly congested: boolean;
  end(): void;
}

export function openResponseStream(response: ServerResponse, contentType: string): ResponseStream {
  response.writeHead(200, { 'Content-Type': contentType });
  response.flushHeaders();
  return {
    async write(data, signal) {
      signal.throwIfAborted();
      if (!response.write(data)) await once(response, 'drain', { signal });
    },
    push(data) {
      response.write(data);
    },
    get congested() {
      return response.writableNeedDrain;
    },
    end() {
      response.end();
    },
  };
}
