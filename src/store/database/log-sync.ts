import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DhowError, messageOf } from '#errors/error.ts';
import { shareRuns } from '#store/database/share-runs.ts';
import { syncFileNow } from '#store/database/sync-file.ts';
import { reserveSpace } from '#sys/reserve-space.ts';

/** SQLite copies the log into the database when it has 1000 pages of 4 KB; then it begins anew. */
const reservedBytes = 5 * 1024 * 1024;

const fdatasync = promisify(fs.fdatasync);

export interface LogSync {
  durable(): Promise<void>;
  /** Keeps space for what is written before the log begins anew, so that on a full disk things can still be undone and removed. */
  reserve(): void;
  sizeBytes(): number;
  close(): void;
}

/**
 * Syncs the write-ahead log of an open database. All callers that come while one sync runs share the next one.
 *
 * Why the log alone is enough: a commit lies in the log until a checkpoint copies it into the database file, and with
 * `synchronous=NORMAL` a checkpoint syncs the log before and the database file after copying, before the log is used
 * anew. So whatever is no longer in the log when we sync it is on disk already, and whatever still is gets there now.
 * The log is one inode as long as our connection is open, hence one descriptor; only the log is opened, because
 * closing a descriptor of the database file itself would drop SQLite's locks on it.
 *
 * After a sync that failed the kernel takes the pages for written, and a second one would succeed although the first commits are in
 * memory only; and behind a hole in the log nothing is found after a power cut. So all of it is written anew, elsewhere.
 * @param rewrite copies the log into the database, with syncs, and empties it; false when that is not possible now
 */
export function createLogSync(databasePath: string, { rewrite }: { rewrite: () => boolean }): LogSync {
  let hasFailed = false;
  let fd: number | undefined;
  /** The new file's name must survive as well. */
  let hasDurableName = false;

  function openLog(): number {
    fd ??= fs.openSync(`${databasePath}-wal`, 'r+');
    return fd;
  }

  async function sync(): Promise<void> {
    try {
      if (hasFailed && !rewrite()) throw new Error('the log cannot be written anew while others read it');
      hasFailed = false;
      if (!hasDurableName) syncFileNow(path.dirname(databasePath));
      hasDurableName = true;
      await fdatasync(openLog());
    } catch (error) {
      hasFailed = true;
      throw new DhowError('DataLoss', `cannot write ${databasePath}-wal to disk: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  const syncs = shareRuns(sync);
  return {
    durable: syncs.next,
    reserve: () => void reserveSpace(openLog(), reservedBytes),
    sizeBytes: () => fs.statSync(`${databasePath}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    close() {
      if (fd !== undefined) closeAfter(syncs.current(), fd);
      fd = undefined;
    },
  };
}

function closeAfter(running: Promise<void> | undefined, fd: number): void {
  const close = (): void => fs.closeSync(fd);
  if (running === undefined) close();
  else void running.then(close, close);
}
