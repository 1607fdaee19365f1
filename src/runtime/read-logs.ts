import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { entryTime, parseEntry } from '#runtime/logs/entry.ts';
import { findTail } from '#runtime/logs/tail.ts';
import { createChangeWatch } from '#runtime/logs/watch.ts';
import type { LogEntry, LogQuery } from '#runtime/logs.ts';
import { hasCode } from '#sys/libc.ts';

export interface LogReading {
  /** Resolves when nothing more will be written: following ends after what is then in the file. */
  ended: Promise<void>;
  signal: AbortSignal;
}

const chunkSize = 256 * 1024;
/** conmon writes at most 8 KiB of output a line; a longer line is not conmon's, and is read in pieces of this size. */
const longestLine = 64 * 1024;
const newline = 0x0a;

/**
 * Reads a container's log as conmon writes it (`<RFC 3339 time> stdout|stderr F|P <bytes>`), the CRI log format. Memory is bounded by the
 * chunk size whatever the log's size; a line that is only half written yet is not told.
 *
 * @throws NotFound when there is no log; the signal's reason when it is aborted
 */
export async function* readLogs(
  path: string,
  query: LogQuery,
  { ended, signal }: LogReading,
): AsyncGenerator<LogEntry> {
  signal.throwIfAborted();
  // Watched before it is read: what is written in between is then not missed.
  using changes = query.follow ? createChangeWatch(path, ended, signal) : undefined;
  const wanted = selectStreams(query);
  for (let round = 0; ; round++) {
    const file = await openLog(path);
    try {
      const start = round > 0 || query.tail === undefined ? 0 : await findTail(file, query.tail, wanted);
      const lines = createLineReader(file, start);
      for (let replaced = false; !replaced; ) {
        // Asked before the last reading, so everything that was written until then will have been read.
        const finished = changes?.finished ?? true;
        replaced = changes !== undefined && (await isReplaced(file, path));
        for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
          signal.throwIfAborted();
          const entry = parseEntry(line);
          if (!entry || !wanted(entry)) continue;
          const time = entryTime(entry);
          if (query.since !== undefined && time < query.since) continue;
          if (query.until !== undefined && time > query.until) return;
          yield entry;
        }
        if (replaced) break;
        if (finished || !changes) return;
        await changes.next();
        signal.throwIfAborted();
      }
    } finally {
      await file.close();
    }
  }
}

async function openLog(path: string): Promise<fs.promises.FileHandle> {
  try {
    return await fs.promises.open(path, 'r');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new DhowError('NotFound', `there is no log at ${path}`, { cause: error });
  }
}

/** Whether conmon has begun a new log in the place of this one (`logMaxBytes`). */
async function isReplaced(file: fs.promises.FileHandle, path: string): Promise<boolean> {
  const [mine, current] = await Promise.all([file.stat(), fs.promises.stat(path).catch(() => undefined)]);
  return current !== undefined && current.ino !== mine.ino;
}

function selectStreams({ stdout, stderr }: LogQuery): (entry: { stream: LogEntry['stream'] }) => boolean {
  return ({ stream }) => (stream === 'stdout' ? stdout : stderr);
}

/** Gives complete lines without their newline, undefined when there is none at the moment. */
function createLineReader(
  file: fs.promises.FileHandle,
  start: number,
): { next(): Promise<Buffer | undefined> } {
  let position = start;
  let pending: Buffer = Buffer.alloc(0);
  let offset = 0;
  return {
    async next() {
      for (;;) {
        const end = pending.indexOf(newline, offset);
        if (end >= 0) {
          const line = pending.subarray(offset, end);
          offset = end + 1;
          return line;
        }
        const rest = pending.subarray(offset);
        if (rest.length > longestLine) {
          offset = pending.length;
          return rest;
        }
        // A buffer of its own each time: entries that were handed out keep pointing into theirs.
        const next = Buffer.allocUnsafeSlow(rest.length + chunkSize);
        rest.copy(next);
        const { bytesRead } = await file.read(next, rest.length, chunkSize, position);
        position += bytesRead;
        pending = next.subarray(0, rest.length + bytesRead);
        offset = 0;
        if (bytesRead === 0) return undefined;
      }
    },
  };
}
