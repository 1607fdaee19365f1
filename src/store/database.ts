import { DatabaseSync } from 'node:sqlite';
import { DhowError } from '#errors/error.ts';
import { createLogSync } from '#store/database/log-sync.ts';
import { migrate } from '#store/database/migrate.ts';

/**
 * The daemon's metadata, in one SQLite file (WAL mode, one writer: this process).
 *
 * Commits are written with `synchronous=NORMAL`, which costs microseconds and survives SIGKILL; what a client was
 * promised must also survive power loss, so the answer waits for `durable()`, one fdatasync of the write-ahead log
 * off the event loop that all commits before it share. A blocking fsync per commit would stop every other request.
 */
export interface Database {
  readonly sql: DatabaseSync;
  /**
   * Runs `body`, which must not be asynchronous, in one IMMEDIATE transaction; nested calls join the outer one. Throws
   * what `body` throws, rolled back.
   */
  transaction<T>(body: () => T): T;
  /** Resolves when everything committed so far is on disk. @throws DataLoss when the disk refuses it */
  durable(): Promise<void>;
  /**
   * Gives space back to the file system: when more than a quarter of the file is free, or when the log is larger than the file.
   * Takes a millisecond for each megabyte that stays, and a sync.
   */
  compact(): void;
  close(): void;
}

/** A step of the schema. Each room owns the migrations of its tables; the daemon passes them all. */
export interface Migration {
  /** Unique; they are applied in this order. */
  version: number;
  /** Unique and never changed: it is what the database remembers. */
  name: string;
  sql: string;
}

/** How long to wait for a reader from outside (a backup, the sqlite3 shell) before failing. */
const busyTimeoutMs = 5_000;

/**
 * Opens or creates the database and applies the migrations that it has not seen, each in a transaction.
 * @throws Unsupported when the file has migrations that this program does not know: it was written by a newer one
 */
export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  const sql = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    sql.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(sql, path, migrations);
  } catch (error) {
    sql.close();
    throw error;
  }
  const log = createLogSync(path);
  let depth = 0;

  return {
    sql,
    transaction(body) {
      if (depth > 0) return body();
      sql.exec('BEGIN IMMEDIATE');
      depth++;
      try {
        const result = body();
        if (result instanceof Promise)
          throw new DhowError('Internal', 'a transaction must not be asynchronous');
        sql.exec('COMMIT');
        return result;
      } catch (error) {
        // SQLite may have rolled back by itself, for example when the disk is full.
        if (sql.isTransaction) sql.exec('ROLLBACK');
        throw error;
      } finally {
        depth--;
      }
    },
    durable: () => log.durable(),
    compact() {
      const read = (pragma: string): number =>
        Number(Object.values(sql.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
      if (depth > 0) return;
      const pages = read('page_count');
      if (read('freelist_count') * 4 > pages) sql.exec('VACUUM');
      else if (log.sizeBytes() <= pages * read('page_size')) return;
      sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    close() {
      log.close();
      sql.close();
    },
  };
}
