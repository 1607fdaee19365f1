import type { LogEntry } from '#runtime/logs.ts';

const space = 0x20;
const newline = Buffer.from('\n');

/**
 * Takes one line of conmon's k8s-file format apart, without its newline: time, stream, `F` (full) or `P` (partial), output. The output is
 * not text and is not looked at.
 * @returns undefined for what is not such a line
 */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const timeEnd = line.indexOf(space);
  const streamEnd = line.indexOf(space, timeEnd + 1);
  if (timeEnd <= 0 || streamEnd < 0) return undefined;
  const stream = line.toString('latin1', timeEnd + 1, streamEnd);
  const tag = line.toString('latin1', streamEnd + 1, streamEnd + 2);
  if ((stream !== 'stdout' && stream !== 'stderr') || (tag !== 'F' && tag !== 'P')) return undefined;
  // conmon writes the space after the tag even before empty output.
  const output = line.subarray(streamEnd + 3);
  return {
    stream,
    timestamp: toUtc(line.toString('latin1', 0, timeEnd)),
    bytes: tag === 'F' ? Buffer.concat([output, newline]) : output,
    partial: tag === 'P',
  };
}

/** conmon writes the local time with its offset; in UTC the time is as Docker prints it. */
function toUtc(timestamp: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d:\d\d)$/.exec(timestamp);
  if (!match) return timestamp;
  const [, seconds, fraction = '', offset] = match;
  if (offset === '+00:00') return `${seconds}${fraction}Z`;
  return `${new Date(`${seconds}${offset}`).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}${fraction}Z`;
}

/** Seconds since the epoch, with the fraction as exact as a number can be. */
export function entryTime({ timestamp }: { timestamp: string }): number {
  const seconds = Date.parse(`${timestamp.slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}Z`) / 1000;
  const fraction = /\.(\d+)/.exec(timestamp)?.[1] ?? '0';
  return seconds + Number(`0.${fraction}`);
}
