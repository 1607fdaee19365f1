import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { listLogFiles, openNextLog } from '#runtime/log-files.ts';
import { entryTime, parseEntry } from '#runtime/logs/entry.ts';
import { findTail } from '#runtime/logs/tail.ts';
import { createChangeWatch } from '#runtime/logs/watch.ts';
import type { LogEntry, LogQuery } from '#runtime/logs.ts';

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
  let { file, start } = await openStart(path, query, wanted);
  try {
    for (let lines = createLineReader(file, start); ; ) {
      // Both asked before the last reading: what was written until then will have been read, and a file that has a next one is complete.
      const finished = changes?.finished ?? true;
      const next = await openNextLog(path, (await file.stat()).ino);
      for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
        signal.throwIfAborted();
        const entry = parseEntry(line);
        if (!entry || !wanted(entry)) continue;
        const time = entryTime(entry);
        if (query.since !== undefined && time < query.since) continue;
        if (query.until !== undefined && time > query.until) {
          await next?.close();
          return;
        }
        yield entry;
      }
      if (next !== undefined) {
        await file.close();
        file = next;
        lines = createLineReader(file, 0);
      } else if (finished || !changes) {
        return;
      } else {
        await changes.next();
        signal.throwIfAborted();
      }
    }
  } finally {
    await file.close();
  }
}

/** The file and the place in it where the entries that were asked for begin. */
async function openStart(
  path: string,
  { tail }: LogQuery,
  wanted: (entry: LogEntry) => boolean,
): Promise<{ file: fs.promises.FileHandle; start: number }> {
  if (tail === undefined) return { file: await openOldest(path), start: 0 };
  let missing = tail;
  let oldest: { file: fs.promises.FileHandle; start: number } | undefined;
  for (const { path: name } of await listLogFiles(path)) {
    const file = await fs.promises.open(name, 'r');
    await oldest?.file.close();
    const { start, found, complete } = await findTail(file, missing, missing === tail, wanted);
    oldest = { file, start };
    missing -= found;
    if (complete) break;
  }
  if (oldest === undefined) throw noLog(path);
  return oldest;
}

async function openOldest(path: string): Promise<fs.promises.FileHandle> {
  const file = await openNextLog(path, undefined);
  if (file === undefined) throw noLog(path);
  return file;
}

function noLog(path: string): DhowError {
  return new DhowError('NotFound', `there is no log at ${path}`);
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
