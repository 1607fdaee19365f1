import type { DatabaseSync } from 'node:sqlite';

/**
 * The daemon's metadata, in one SQLite file (WAL mode, one writer: this process).
 *
 * Commits are written with `synchronous=NORMAL`, which costs microseconds and survives SIGKILL; what a client was
 * promised must also survive power loss, so the answer waits for `durable()`, one fdatasync of the write-ahead log
 * off the event loop that all commits before it share. A blocking fsync per commit would stop every other request.
 */
export interface Database {
  readonly sql: DatabaseSync;
  /** Runs `body` in one IMMEDIATE transaction; nested calls join the outer one. Throws what `body` throws, rolled back. */
  transaction<T>(body: () => T): T;
  /** Resolves when everything committed so far is on disk. */
  durable(): Promise<void>;
  close(): void;
}
