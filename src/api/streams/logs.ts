import { logTimestamp } from '#api/encode/timestamps.ts';
import type { LogEntry } from '#api/engine-values.ts';
import type { ResponseStream } from '#api/http/response-stream.ts';
import { createBatch } from '#api/streams/batch.ts';
import { encodeFrame } from '#wire/raw-stream.ts';

export interface LogFormat {
  terminal: boolean;
  timestamps: boolean;
  /** What the log driver tells with each line, when that is wanted. */
  details: Readonly<Record<string, string>> | undefined;
}

/** Writes log entries as `GET /containers/{id}/logs` sends them: framed, unless the container has a terminal. */
export async function writeLogs(
  stream: ResponseStream,
  entries: AsyncIterable<LogEntry>,
  format: LogFormat,
  signal: AbortSignal,
): Promise<void> {
  const batch = createBatch(stream, signal);
  const details = format.details && `${encodeAttributes(format.details)} `;
  const insideLine = { stdout: false, stderr: false };
  for await (const entry of entries) {
    const prefix = insideLine[entry.stream] ? '' : linePrefix(entry, format.timestamps, details);
    insideLine[entry.stream] = entry.partial;
    const bytes = prefix === '' ? entry.bytes : Buffer.concat([Buffer.from(prefix), entry.bytes]);
    await batch.add(format.terminal ? bytes : encodeFrame(entry.stream, bytes));
  }
  await batch.flush();
}

function linePrefix(entry: LogEntry, timestamps: boolean, details = ''): string {
  return (timestamps ? `${logTimestamp(entry.timestamp)} ` : '') + details;
}

/** Docker's: in order, as in the query of a URL but with commas. */
function encodeAttributes(attributes: Readonly<Record<string, string>>): string {
  const escaped = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
  const pairs = Object.entries(attributes).map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  return pairs.sort().join(',');
}
