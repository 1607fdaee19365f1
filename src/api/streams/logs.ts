import { logTimestamp } from '#api/encode/timestamps.ts';
import type { LogEntry } from '#api/engine-values.ts';
import type { ResponseStream } from '#api/http/response-stream.ts';
import { createBatch } from '#api/streams/batch.ts';
import { encodeFrame } from '#wire/raw-stream.ts';

export interface LogFormat {
  terminal: boolean;
  timestamps: boolean;
  /** Docker puts the driver's attributes in front of each line; json-file has none, so only the separator is left. */
  details: boolean;
}

/** Writes log entries as `GET /containers/{id}/logs` sends them: framed, unless the container has a terminal. */
export async function writeLogs(
  stream: ResponseStream,
  entries: AsyncIterable<LogEntry>,
  format: LogFormat,
  signal: AbortSignal,
): Promise<void> {
  const batch = createBatch(stream, signal);
  const insideLine = { stdout: false, stderr: false };
  for await (const entry of entries) {
    const prefix = insideLine[entry.stream] ? '' : linePrefix(entry, format);
    insideLine[entry.stream] = entry.partial;
    const bytes = prefix === '' ? entry.bytes : Buffer.concat([Buffer.from(prefix), entry.bytes]);
    await batch.add(format.terminal ? bytes : encodeFrame(entry.stream, bytes));
  }
  await batch.flush();
}

function linePrefix(entry: LogEntry, format: LogFormat): string {
  return (format.timestamps ? `${logTimestamp(entry.timestamp)} ` : '') + (format.details ? ' ' : '');
}
