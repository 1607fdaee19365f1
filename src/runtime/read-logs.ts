import { DhowError } from '#errors/error.ts';
import { listLogFiles, type OpenLog, openLog, openNextLog } from '#runtime/log-files.ts';
import { entryTime, parseEntry } from '#runtime/logs/entry.ts';
import { createLineReader, type LineReader } from '#runtime/logs/lines.ts';
import { findTail } from '#runtime/logs/tail.ts';
import { type ChangeWatch, createChangeWatch } from '#runtime/logs/watch.ts';
import type { LogEntry, LogQuery } from '#runtime/logs.ts';

export interface LogReading {
  /** Resolves when nothing more will be written: following ends after what is then in the file. */
  ended: Promise<void>;
  signal: AbortSignal;
}

/** A place in a log, which stays true when files of the log are put aside, compressed or removed. */
export interface LogPosition {
  /** Of the file in the chain; see `LogFile`. */
  number: number;
  /** In bytes, from the begin of that file. */
  offset: number;
}

export const logBegin: LogPosition = { number: 1, offset: 0 };

/**
 * Reads a container's log as conmon writes it (`<RFC 3339 time> stdout|stderr F|P <bytes>`), the CRI log format. Memory is bounded by the
 * chunk size whatever the log's size; a line that is only half written yet is not told.
 *
 * @returns what must be iterated, when the reading has begun: a log that is removed from then on is read to its end all the same
 * @throws NotFound when there is no log; the signal's reason when it is aborted
 */
export async function readLogs(
  path: string,
  query: LogQuery,
  { ended, signal }: LogReading,
): Promise<AsyncGenerator<LogEntry>> {
  signal.throwIfAborted();
  await using undo = new AsyncDisposableStack();
  // Watched before it is read: what is written in between is then not missed.
  const changes = query.follow ? undo.use(createChangeWatch(path, ended, signal)) : undefined;
  const wanted = selectStreams(query);
  const start = await findStart(path, query, wanted);
  const first = await openNextLog(path, start.number - 1);
  if (first) undo.use(first);
  const held = undo.move();
  return selectEntries(entriesFrom({ path, start, first, changes, signal }), wanted, query, held);
}

async function* selectEntries(
  entries: AsyncIterable<{ entry: LogEntry }>,
  wanted: (entry: LogEntry) => boolean,
  query: LogQuery,
  held: AsyncDisposableStack,
): AsyncGenerator<LogEntry> {
  await using _held = held;
  for await (const { entry } of entries) {
    if (!wanted(entry)) continue;
    const time = entryTime(entry);
    if (query.since !== undefined && time < query.since) continue;
    if (query.until !== undefined && time > query.until) return;
    yield entry;
  }
}

/**
 * Follows a log from a place in it until the writer has ended, and tells with each entry the place after it, so that somebody else can go
 * on there. What was removed meanwhile is left out.
 * @throws NotFound when the log's directory is not there; the signal's reason when it is aborted
 */
export async function* followLog(
  path: string,
  start: LogPosition,
  { ended, signal }: LogReading,
): AsyncGenerator<{ entry: LogEntry; next: LogPosition }> {
  using changes = createChangeWatch(path, ended, signal);
  yield* entriesFrom({ path, start, first: undefined, changes, signal });
}

interface EntriesRequest {
  path: string;
  start: LogPosition;
  /** The file of the start, if it is open; closed by the caller. */
  first: OpenLog | undefined;
  changes: ChangeWatch | undefined;
  signal: AbortSignal;
}

async function* entriesFrom({
  path,
  start,
  first,
  changes,
  signal,
}: EntriesRequest): AsyncGenerator<{ entry: LogEntry; next: LogPosition }> {
  let open = first;
  let following: OpenLog | undefined;
  const offsetIn = ({ number }: OpenLog): number => (number === start.number ? start.offset : 0);
  let lines: LineReader | undefined = first && createLineReader(first.file, offsetIn(first));
  try {
    for (;;) {
      // Both asked before the last reading: what was written until then will have been read, and a file that has a next one is complete.
      const finished = changes?.finished ?? true;
      following = await openNextLog(path, open?.number ?? start.number - 1);
      if (open && lines) {
        for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
          signal.throwIfAborted();
          const entry = parseEntry(line);
          if (entry) yield { entry, next: { number: open.number, offset: lines.offset } };
        }
      }
      if (following !== undefined) {
        await open?.file.close();
        open = following;
        following = undefined;
        lines = createLineReader(open.file, offsetIn(open));
      } else if (finished || !changes) {
        return;
      } else {
        await changes.next();
        signal.throwIfAborted();
      }
    }
  } finally {
    await open?.file.close();
    await following?.file.close();
  }
}

/** Where the entries that were asked for begin. */
async function findStart(
  path: string,
  query: LogQuery,
  wanted: (entry: LogEntry) => boolean,
): Promise<LogPosition> {
  const files = await listLogFiles(path);
  if (files.length === 0) throw new DhowError('NotFound', `there is no log at ${path}`);
  if (query.tail === undefined) return logBegin;
  let missing = query.tail;
  let start = logBegin;
  for (const listed of files) {
    await using open = await openLog(listed);
    // The log was rotated while we looked.
    if (open === undefined) return findStart(path, query, wanted);
    const tail = await findTail(open.file, missing, missing === query.tail, wanted);
    start = { number: open.number, offset: tail.start };
    missing -= tail.found;
    if (tail.complete) break;
  }
  return start;
}

function selectStreams({ stdout, stderr }: LogQuery): (entry: { stream: LogEntry['stream'] }) => boolean {
  return ({ stream }) => (stream === 'stdout' ? stdout : stderr);
}
