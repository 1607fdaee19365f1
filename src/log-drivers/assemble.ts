import { randomUUID } from 'node:crypto';
import type { LogRecord } from '#log-drivers/destination.ts';
import type { LogEntry } from '#runtime/logs.ts';

/** Makes lines of what conmon logs in pieces: it cuts wherever a read of its own ended. */
export interface LineAssembly {
  /** @returns the line, or the piece of it, that is complete with this entry */
  add(entry: LogEntry): LogRecord | undefined;
  /** Whether the begin of an unfinished line is held. */
  holds(stream: LogEntry['stream']): boolean;
  /** What is held at the end of a container's run. */
  flush(): LogRecord[];
}

/** Docker's: a line that is longer comes in pieces of about this many bytes. */
const longestMessage = 16 * 1024;

interface Pending {
  timestamp: string;
  parts: Uint8Array[];
  length: number;
  piece?: { id: string; ordinal: number };
}

export function createLineAssembly(): LineAssembly {
  const pending = new Map<LogEntry['stream'], Pending>();

  function take(stream: LogEntry['stream'], held: Pending, isLast: boolean): LogRecord {
    const { timestamp, parts, piece } = held;
    const message = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    if (isLast) pending.delete(stream);
    else if (piece)
      pending.set(stream, { ...emptyAt(timestamp), piece: { ...piece, ordinal: piece.ordinal + 1 } });
    return { stream, timestamp, message, ...(piece ? { piece: { ...piece, isLast } } : {}) };
  }

  return {
    add({ stream, timestamp, bytes, partial }) {
      const held = pending.get(stream) ?? emptyAt(timestamp);
      const part = partial ? bytes : bytes.subarray(0, -1);
      held.parts.push(part);
      held.length += part.length;
      if (!partial) return take(stream, held, true);
      pending.set(stream, held);
      if (held.length < longestMessage) return undefined;
      held.piece ??= { id: randomUUID().replaceAll('-', ''), ordinal: 1 };
      return take(stream, held, false);
    },
    holds: (stream) => pending.has(stream),
    flush: () =>
      [...pending].filter(([, { length }]) => length > 0).map(([stream, held]) => take(stream, held, true)),
  };
}

function emptyAt(timestamp: string): Pending {
  return { timestamp, parts: [], length: 0 };
}
