import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { isDamage } from '#store/database/damage.ts';

export type Row = Record<string, SQLOutputValue>;

/** Which rows of two files are the same one. */
export type RowKey = string;

export interface TableShape {
  name: string;
  columns: string[];
  /** Of a table WITHOUT ROWID; else undefined. */
  primaryKey: string[] | undefined;
}

export interface ReadTable {
  /** As far as they can be read. */
  rows: Map<RowKey, Row>;
  /** Whether a row that is not in `rows` may have been in the table. */
  mayHaveHad(key: RowKey): boolean;
}

/** One look-up for each possible row: more are not tried. */
const maxLookups = 1_000_000;

/**
 * Reads what can be read of a table of which pages may be damaged: from both ends to the first damaged page, and between them row by row,
 * as each has its own way through the tree.
 */
export function readTable(sql: DatabaseSync, { name, columns, primaryKey }: TableShape): ReadTable {
  const rows = new Map<RowKey, Row>();
  const keyColumns = primaryKey ?? ['rowid'];
  const list = [...keyColumns.map((column, index) => `${column} AS "key ${index}"`), ...columns].join(', ');
  const select = `SELECT ${list} FROM ${name} NOT INDEXED`;
  const keep = (row: Row): Row => {
    const key = keyColumns.map((_, index) => row[`key ${index}`] ?? null);
    rows.set(primaryKey ? JSON.stringify(key) : String(key[0]), row);
    return row;
  };

  /** @returns the last row that could be read, and whether the end was reached */
  function scan(order: 'ASC' | 'DESC'): { last: Row | undefined; whole: boolean } {
    let last: Row | undefined;
    try {
      const by = keyColumns.map((column) => `${column} ${order}`).join(', ');
      for (const row of sql.prepare(`${select} ORDER BY ${by}`).iterate()) last = keep(row);
      return { last, whole: true };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { last, whole: false };
    }
  }

  const forwards = scan('ASC');
  if (forwards.whole) return { rows, mayHaveHad: () => false };
  const backwards = scan('DESC');
  if (primaryKey) return { rows, mayHaveHad: (key) => !rows.has(key) };
  const low = Number(forwards.last?.['key 0'] ?? 0);
  const high = Number(backwards.last?.['key 0'] ?? Number.POSITIVE_INFINITY);
  if (high - low < maxLookups) {
    const find = sql.prepare(`${select} WHERE rowid = ?`);
    for (let rowid = low + 1; rowid < high; rowid++) {
      try {
        const row = find.get(rowid);
        if (row !== undefined) keep(row);
      } catch (error) {
        if (!isDamage(error)) throw error;
      }
    }
  }
  return { rows, mayHaveHad: (key) => Number(key) > low && Number(key) < high && !rows.has(key) };
}
