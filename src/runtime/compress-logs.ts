import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { compressedLogPath, parseLogNames } from '#runtime/log-files.ts';

/**
 * Compresses the files of a log that nobody writes any more, one after the other. Readers of the plain ones go on with what they have open.
 * Only once at a time for one log; what an earlier daemon left unfinished is made anew.
 */
export async function compressLogs(log: string): Promise<void> {
  const { kept, isWritten } = parseLogNames(log, await fs.promises.readdir(path.dirname(log)));
  for (const { number, path: plain } of kept) {
    const compressed = compressedLogPath(log, number);
    // The writer goes on in the newest one until it has opened another.
    const isComplete = isWritten || number !== kept.at(-1)?.number;
    if (plain === compressed || !isComplete) continue;
    const unfinished = `${compressed}.new`;
    const target = fs.createWriteStream(unfinished, { mode: 0o600 });
    await pipeline(fs.createReadStream(plain), createGzip(), target);
    await fs.promises.rename(unfinished, compressed);
    await fs.promises.rm(plain, { force: true });
  }
}
