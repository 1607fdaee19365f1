import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { hasCode } from '#sys/libc.ts';

/**
 * A container's log is a chain of files: `log.1`, `log.2` … in the order in which they were written, and `log`, which is written now. One
 * that was put aside keeps its number for good, also when it is compressed (`log.1.gz`) or others before it are removed.
 */
export interface LogFile {
  path: string;
  /** From 1; that of `log` is the one that it will have when it is put aside. */
  number: number;
  inode: number;
  sizeBytes: number;
}

/** One file of a log, readable from any place in it. */
export interface OpenLog extends AsyncDisposable {
  file: fs.promises.FileHandle;
  number: number;
}

const compressedSuffix = '.gz';

export function keptLogPath(log: string, number: number): string {
  return `${log}.${number}`;
}

export function compressedLogPath(log: string, number: number): string {
  return keptLogPath(log, number) + compressedSuffix;
}

/** The numbers of the files that were put aside, ascending, and whether `log` itself is there: it is missing until its writer opens a new one. */
export function parseLogNames(
  log: string,
  names: readonly string[],
): { kept: { number: number; path: string }[]; isWritten: boolean } {
  const base = path.basename(log);
  const kept = new Map<number, string>();
  for (const name of names) {
    const [, number, suffix] =
      (name.startsWith(base) && /^\.(\d+)(\.gz)?$/.exec(name.slice(base.length))) || [];
    if (number === undefined) continue;
    // As long as the plain one is there, the compressed one may not be complete.
    if (suffix === undefined || !kept.has(Number(number))) kept.set(Number(number), name);
  }
  const ascending = [...kept].sort(([a], [b]) => a - b);
  return {
    kept: ascending.map(([number, name]) => ({ number, path: path.join(path.dirname(log), name) })),
    isWritten: names.includes(base),
  };
}

/** The files that are there, newest first. */
export async function listLogFiles(log: string): Promise<LogFile[]> {
  // A rotation in between shows a file twice, or not at all: what is seen twice in the same way is true.
  for (let last = await lookForFiles(log); ; ) {
    const files = await lookForFiles(log);
    if (identify(files) === identify(last)) return files;
    last = files;
  }
}

function identify(files: readonly LogFile[]): string {
  return files.map(({ number, inode }) => `${number}:${inode}`).join();
}

async function lookForFiles(log: string): Promise<LogFile[]> {
  const names = (await unlessMissing(fs.promises.readdir(path.dirname(log)))) ?? [];
  const { kept, isWritten } = parseLogNames(log, names);
  const newest = kept.at(-1)?.number ?? 0;
  const named = isWritten ? [...kept, { number: newest + 1, path: log }] : kept;
  const files: LogFile[] = [];
  for (const { number, path: name } of named.reverse()) {
    const status = await unlessMissing(fs.promises.stat(name));
    if (status) files.push({ path: name, number, inode: status.ino, sizeBytes: status.size });
  }
  return files;
}

/**
 * Opens the file that comes next in the chain.
 * @param after number of the one before; 0 opens the oldest
 * @returns undefined when there is none (yet)
 */
export async function openNextLog(log: string, after: number): Promise<OpenLog | undefined> {
  for (;;) {
    const expected = (await listLogFiles(log)).findLast(({ number }) => number > after);
    if (expected === undefined) return undefined;
    const opened = await openLog(expected);
    if (opened !== undefined) return opened;
  }
}

/** @returns undefined when the file has been moved, compressed or removed since it was listed */
export async function openLog({ path: name, number, inode }: LogFile): Promise<OpenLog | undefined> {
  const file = await unlessMissing(fs.promises.open(name, 'r'));
  if (file === undefined) return undefined;
  if ((await file.stat()).ino !== inode) {
    await file.close();
    return undefined;
  }
  if (!name.endsWith(compressedSuffix)) return openFile(file, number);
  try {
    return openFile(await decompress(file, name), number);
  } finally {
    await file.close();
  }
}

function openFile(file: fs.promises.FileHandle, number: number): OpenLog {
  return { file, number, [Symbol.asyncDispose]: () => file.close() };
}

/** Into a file without a name, on the same file system: logs are larger than what should be in memory. */
async function decompress(source: fs.promises.FileHandle, name: string): Promise<fs.promises.FileHandle> {
  const unnamed = `${name}.${process.hrtime.bigint()}`;
  const target = await fs.promises.open(unnamed, 'wx+', 0o600);
  try {
    await fs.promises.rm(unnamed);
    // By their descriptors: a handle waits for the end of the streams that were made of it.
    const content = fs.createReadStream('', { fd: source.fd, autoClose: false });
    await pipeline(content, createGunzip(), fs.createWriteStream('', { fd: target.fd, autoClose: false }));
    return target;
  } catch (error) {
    await target.close();
    throw error;
  }
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
