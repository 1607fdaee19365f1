import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { RowKey } from '#store/database/read-rows.ts';

/** Columns that hold JSON, by table. */
export type Documents = ReadonlyMap<string, readonly string[]>;

export interface Damage {
  /** What is wrong, in SQLite's words. */
  problems: string[];
  /** By table, the row ids of rows whose columns and indexes do not agree: one of the two is wrong. */
  suspects: Map<string, Set<RowKey>>;
}

const maxProblems = 20;

/**
 * Reads the whole file (a few milliseconds for each megabyte). SQLite has no checksums: a changed byte shows in a page's structure, in an
 * index that disagrees with its table, or in a document that is none any more.
 * @param still see `openToRead`
 * @returns undefined when nothing is wrong. @throws Error when the file cannot be read for another reason
 */
export function findDamage(file: string, documents: Documents, still = false): Damage | undefined {
  const damage: Damage = { problems: [], suspects: new Map() };
  try {
    // Of its own: the daemon's connection would answer from its memory.
    using sql = openToRead(file, still);
    const rows = [
      ...sql.prepare(`PRAGMA integrity_check(${maxProblems})`).all(),
      ...sql.prepare('PRAGMA foreign_key_check').all(),
    ];
    for (const row of rows) {
      const text = String(
        row['integrity_check'] ?? `a row of ${row['table']} refers to nothing in ${row['parent']}`,
      );
      for (const problem of text.split('\n')) {
        if (/^(ok$|\*\*\*|$)/.test(problem)) continue;
        damage.problems.push(problem);
        noteSuspect(sql, problem, damage.suspects);
      }
    }
    const columnsOf = sql.prepare('SELECT name FROM pragma_table_info(?)');
    for (const [table, columns] of documents) {
      // Later migrations bring tables and columns that this file has not yet.
      const present = new Set(columnsOf.all(table).map((row) => row['name']));
      const broken = columns
        .filter((column) => present.has(column))
        .map((column) => `NOT json_valid(${column})`)
        .join(' OR ');
      if (broken === '') continue;
      const count = sql.prepare(`SELECT COUNT(*) AS count FROM ${table} WHERE ${broken}`).get()?.['count'];
      if (Number(count) > 0) damage.problems.push(`${count} rows of ${table} cannot be read`);
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    damage.problems.push(error.message);
  }
  return damage.problems.length === 0 ? undefined : damage;
}

/** For reading only: closing it writes nothing. @param still whether nobody writes to the file, which then needs no other files beside it */
export function openToRead(file: string, still = false): DatabaseSync {
  const url = pathToFileURL(file);
  if (still) url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true, timeout: 5_000 });
}

/** SQLITE_CORRUPT and SQLITE_NOTADB of sqlite3.h, whose upper bits say more. */
export function isDamage(error: unknown): error is Error {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    [11, 26].includes(error.errcode & 0xff)
  );
}

export function hasTable(sql: DatabaseSync, name: string): boolean {
  return sql.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

function noteSuspect(sql: DatabaseSync, problem: string, suspects: Damage['suspects']): void {
  const [, rowid, index] = /^row (\d+) missing from index (\S+)$/.exec(problem) ?? [];
  if (rowid === undefined || index === undefined) return;
  const table = sql
    .prepare("SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = ?")
    .get(index)?.['tbl_name'];
  const known = suspects.get(String(table)) ?? new Set();
  suspects.set(String(table), known.add(rowid));
}
