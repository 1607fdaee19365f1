import type { ResponseStream } from '#api/http/response-stream.ts';

/** Pieces above this size are not worth gathering. */
const batchBytes = 64 * 1024;

/** Gathers small pieces that arrive in one turn of the event loop into one write: a log has many short lines. */
export interface Batch {
  /** Resolves at once while the batch has room, else when the client has taken it. Rejects once the client has gone. */
  add(piece: Uint8Array): Promise<void>;
  /** Writes what is left. */
  flush(): Promise<void>;
}

export function createBatch(stream: ResponseStream, signal: AbortSignal): Batch {
  let pieces: Uint8Array[] = [];
  let length = 0;
  let scheduled: NodeJS.Immediate | undefined;
  let written = Promise.resolve();

  function flush(): Promise<void> {
    clearImmediate(scheduled);
    scheduled = undefined;
    if (length === 0) return written;
    const batch = Buffer.concat(pieces, length);
    pieces = [];
    length = 0;
    written = written.then(() => stream.write(batch, signal));
    return written;
  }

  return {
    async add(piece) {
      pieces.push(piece);
      length += piece.length;
      if (length >= batchBytes) await flush();
      // A failure of this write comes up again in the next flush, which somebody awaits.
      else scheduled ??= setImmediate(() => flush().catch(() => {}));
    },
    flush,
  };
}
