import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { DhowError } from '#errors/error.ts';
import { findDamage } from '#store/database/damage.ts';
import { nameLackOfSpace, nameLackOfSpaceIn } from '#store/database/lack-of-space.ts';
import { createLogSync } from '#store/database/log-sync.ts';
import { documentsOf, migrate } from '#store/database/migrate.ts';
import { closeFiles, createPrivateFile } from '#store/database/private-file.ts';
import { finishRescue, rescueDatabase, snapshotOf, unsettled } from '#store/database/rescue.ts';
import { writeSnapshot } from '#store/database/snapshot.ts';
import { reserveSpace } from '#sys/reserve-space.ts';

/**
 * The daemon's metadata, in one SQLite file (WAL mode, one writer: this process).
 *
 * Commits are written with `synchronous=NORMAL`, which costs microseconds and survives SIGKILL; what a client was
 * promised must also survive power loss, so the answer waits for `durable()`, one fdatasync of the write-ahead log
 * off the event loop that all commits before it share. A blocking fsync per commit would stop every other request.
 *
 * Beside it lies a copy that `snapshot` makes. A file that is damaged or lost is made anew when it is opened, of what can be read and of
 * that copy.
 */
export interface Database {
  readonly sql: DatabaseSync;
  /**
   * All but `kept` ones may lack rows of things that exist. `new`: made just now, or rescued by a daemon that ended before `settle`.
   */
  readonly origin: 'kept' | 'new' | RescueReport;
  /** From now on what has no row is a left-over: all else has been kept aside. */
  settle(): void;
  /**
   * Runs `body`, which must not be asynchronous, in one IMMEDIATE transaction; nested calls join the outer one. Throws
   * what `body` throws, rolled back. @throws ResourceExhausted when the disk has no space for it
   */
  transaction<T>(body: () => T): T;
  /** Resolves when everything committed so far is on disk. @throws DataLoss when the disk refuses it */
  durable(): Promise<void>;
  /** Copies the database if anything was changed since the last copy. @throws DataLoss when it is damaged */
  snapshot(): Promise<void>;
  /** What is wrong with the file, in SQLite's words; empty when nothing. Reads all of it. */
  problems(): string[];
  /**
   * Gives space back to the file system: when more than a quarter of the file is free, or when the log is larger than such a quarter.
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
  /** Columns that hold JSON, by table: what is none there is damage. */
  documents?: Readonly<Record<string, readonly string[]>>;
}

/** How a damaged database was made anew. */
export interface RescueReport {
  /** What was wrong, in SQLite's words. */
  problems: string[];
  /** Where the damaged file is kept. */
  setAside: string;
  /** Those of which not all rows could be read: rows taken from it, from the snapshot, and known to be lost. */
  tables: { name: string; kept: number; fromSnapshot: number; lost: number }[];
  /** When the snapshot was made; undefined when there was no good one. */
  snapshotTime: Date | undefined;
}

/** How long to wait for a reader from outside (a backup, the sqlite3 shell) before failing. */
const busyTimeoutMs = 5_000;

/** How far the database can grow on a full disk. */
const reservedBytes = 1024 * 1024;

/**
 * Opens or creates the database, or rescues it, and applies the migrations that it has not seen, each in a transaction.
 * @throws DataLoss when it is damaged beyond rescue; Unsupported when the file has migrations that this program does not know: it was written by a newer one
 */
export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  const documents = documentsOf(migrations);
  closeFiles(path, `${path}-wal`, `${path}-shm`, snapshotOf(path));
  const found = rescueIfDamaged(path, migrations);
  createPrivateFile(path);
  const sql = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    sql.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(sql, path, migrations);
    nameLackOfSpaceIn(sql, path);
  } catch (error) {
    sql.close();
    throw error;
  }
  const readNumber = (query: string): number => Number(Object.values(sql.prepare(query).get() ?? {})[0]);
  const origin = found === 'kept' && readNumber('PRAGMA user_version') === unsettled ? 'new' : found;
  if (origin !== 'kept') sql.exec(`PRAGMA user_version = ${unsettled}`);
  const log = createLogSync(path, {
    rewrite: () => readNumber('PRAGMA wal_checkpoint(TRUNCATE)') === 0,
  });
  const file = fs.openSync(path, 'r+');
  /** On a full disk, too, things can be undone and removed. */
  function reserve(): void {
    reserveSpace(file, fs.fstatSync(file).size + reservedBytes);
    log.reserve();
  }
  reserve();
  let depth = 0;
  // Whether an earlier daemon copied its last changes is not known.
  let changesInSnapshot = -1;

  return {
    sql,
    origin,
    settle() {
      if (origin !== 'kept') sql.exec('PRAGMA user_version = 0');
    },
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
        throw nameLackOfSpace(path, error);
      } finally {
        depth--;
      }
    },
    durable: () => log.durable(),
    async snapshot() {
      const changes = readNumber('SELECT total_changes()');
      if (changes === changesInSnapshot) return;
      await writeSnapshot(sql, path, documents);
      changesInSnapshot = changes;
    },
    problems: () => findDamage(path, documents)?.problems ?? [],
    compact() {
      if (depth > 0) return;
      const pages = readNumber('PRAGMA page_count');
      if (readNumber('PRAGMA freelist_count') * 4 > pages) sql.exec('VACUUM');
      else if (log.sizeBytes() * 4 <= pages * readNumber('PRAGMA page_size')) return;
      sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      reserve();
    },
    close() {
      log.close();
      sql.close();
      // Not before: it would drop SQLite's locks.
      fs.closeSync(file);
    },
  };
}

function rescueIfDamaged(path: string, migrations: readonly Migration[]): Database['origin'] {
  finishRescue(path);
  const damage = fs.existsSync(path)
    ? findDamage(path, documentsOf(migrations))
    : { problems: ['the file is gone'], suspects: new Map() };
  if (damage === undefined) return 'kept';
  if (!fs.existsSync(path) && !fs.existsSync(snapshotOf(path))) return 'new';
  return rescueDatabase(path, migrations, damage);
}
