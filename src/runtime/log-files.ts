import fs from 'node:fs';
import { hasCode } from '#sys/libc.ts';

/**
 * A container's log is a chain of files: `log`, which is written, and `log.1`, `log.2` … that were written before it, the largest number
 * first.
 */
export interface LogFile {
  path: string;
  inode: number;
  sizeBytes: number;
}

/** So many are looked for; nobody keeps more. */
const maxKeptLogs = 1000;

export function keptLogPath(path: string, number: number): string {
  return `${path}.${number}`;
}

/** The files that are there, newest first. */
export async function listLogFiles(path: string): Promise<LogFile[]> {
  // A rotation in between shows a file twice, or a gap that seems to be the end: what is seen twice in the same way is true.
  for (let last = await lookForFiles(path); ; ) {
    const files = await lookForFiles(path);
    if (inodesOf(files) === inodesOf(last)) return files;
    last = files;
  }
}

function inodesOf(files: readonly LogFile[]): string {
  return files.map(({ inode }) => inode).join();
}

/** A gap ends the chain, except that `log` itself is missing until its writer has opened a new one. */
async function lookForFiles(path: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (let number = 0; number <= maxKeptLogs; number++) {
    const name = number === 0 ? path : keptLogPath(path, number);
    const status = await statOrNothing(name);
    if (status !== undefined) files.push({ path: name, inode: status.ino, sizeBytes: status.size });
    else if (number > 0) break;
  }
  return files;
}

/**
 * Opens the file that was written after another one.
 * @param inode of that other one; undefined opens the oldest
 * @returns undefined when nothing was: it is the one being written
 */
export async function openNextLog(
  path: string,
  inode: number | undefined,
): Promise<fs.promises.FileHandle | undefined> {
  for (;;) {
    const expected = successor(await listLogFiles(path), inode);
    if (expected === undefined) return undefined;
    const file = await openOrNothing(expected.path);
    if (file === undefined) continue;
    // A rotation may have given the name to another file since.
    if ((await file.stat()).ino === expected.inode) return file;
    await file.close();
  }
}

function successor(files: readonly LogFile[], inode: number | undefined): LogFile | undefined {
  const position = inode === undefined ? -1 : files.findIndex((file) => file.inode === inode);
  // One that is no longer kept was older than all.
  return position === -1 ? files.at(-1) : files[position - 1];
}

async function statOrNothing(path: string): Promise<fs.Stats | undefined> {
  try {
    return await fs.promises.stat(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function openOrNothing(path: string): Promise<fs.promises.FileHandle | undefined> {
  try {
    return await fs.promises.open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
