import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DhowError } from '#errors/error.ts';
import {
  type Damage,
  type Documents,
  findDamage,
  hasTable,
  isDamage,
  openToRead,
} from '#store/database/damage.ts';
import { documentsOf, migrate, refuseNewer } from '#store/database/migrate.ts';
import { createPrivateFile } from '#store/database/private-file.ts';
import {
  type ReadTable,
  type Row,
  type RowKey,
  readTable,
  type TableShape,
} from '#store/database/read-rows.ts';
import { syncFileNow } from '#store/database/sync-file.ts';
import type { Migration, RescueReport } from '#store/database.ts';

/** SQLite's `user_version` of a database that may lack rows, until what has none has been kept aside. */
export const unsettled = 1;

/** The last good copy of a database. */
export const snapshotOf = (file: string): string => `${file}.snapshot`;
const rescuedOf = (file: string): string => `${file}.rescued`;

/**
 * Puts a new database in the place of a damaged or lost one: with all rows that can be read, and those of the last snapshot where some cannot. The
 * damaged files are kept beside it.
 * @throws DataLoss when there is nothing to make it of; Unsupported for a newer program's
 */
export function rescueDatabase(file: string, migrations: readonly Migration[], damage: Damage): RescueReport {
  const unfinished = `${rescuedOf(file)}.new`;
  removeDatabase(unfinished);
  using held = new DisposableStack();
  const documents = documentsOf(migrations);
  const source = fs.existsSync(file) ? held.use(openToRead(file)) : undefined;
  const copy = snapshotOf(file);
  const isUsable = fs.existsSync(copy) && findDamage(copy, documents, true) === undefined;
  const snapshot = isUsable ? held.use(openToRead(copy, true)) : undefined;
  const applied = appliedIn(source) ?? appliedIn(snapshot);
  if (applied === undefined) {
    throw new DhowError(
      'DataLoss',
      `the database ${file} is damaged (${damage.problems[0]}), nothing of it can be read and there is no good copy in ${copy}: put a backup of it there, or move it away to begin anew`,
    );
  }
  refuseNewer(applied, migrations, file);
  createPrivateFile(unfinished);
  const target = held.use(new DatabaseSync(unfinished, { enableForeignKeyConstraints: false }));
  migrate(
    target,
    file,
    migrations.filter(({ name }) => applied.has(name)),
  );
  target.exec(`PRAGMA user_version = ${unsettled}`);
  target.exec('BEGIN');
  const shapes = shapesOf(target);
  const tables = shapes.map((shape) => {
    const suspects = damage.suspects.get(shape.name) ?? new Set();
    return fillTable({ target, source, snapshot, documents, suspects }, shape);
  });
  removeOrphanRows(target, shapes);
  target.exec('COMMIT');
  held.dispose();
  syncFileNow(unfinished);
  fs.renameSync(unfinished, rescuedOf(file));
  const setAside = putInPlace(file);
  const snapshotTime = isUsable ? fs.statSync(copy).mtime : undefined;
  return { problems: damage.problems, setAside, tables: tables.filter(isNotWhole), snapshotTime };
}

/** A rescue that was cut short: the new file was whole. */
export function finishRescue(file: string): void {
  if (!fs.existsSync(file) && fs.existsSync(rescuedOf(file))) putInPlace(file);
}

interface Sources {
  target: DatabaseSync;
  source: DatabaseSync | undefined;
  snapshot: DatabaseSync | undefined;
  documents: Documents;
  suspects: ReadonlySet<RowKey>;
}

type FilledTable = RescueReport['tables'][number];

function fillTable(
  { target, source, snapshot, documents, suspects }: Sources,
  shape: TableShape,
): FilledTable {
  const { name: table, columns } = shape;
  const found = readFrom(source, shape);
  const older = readFrom(snapshot, shape);
  const keys = keysOf(target, table);
  const texts = documents.get(table) ?? [];
  const filled = { name: table, kept: 0, fromSnapshot: 0, lost: 0 };
  const insert = target.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const put = (row: Row): boolean => insert.run(...columns.map((column) => row[column] ?? null)).changes > 0;
  for (const [key, row] of found.rows) {
    const former = older.rows.get(key);
    const isBroken =
      !texts.every((column) => isJson(row[column])) ||
      (suspects.has(key) && former !== undefined && keys.some((column) => former[column] !== row[column]));
    if (!isBroken) filled.kept += Number(put(row));
    else if (former !== undefined) filled.fromSnapshot += Number(put(former));
    else filled.lost += 1;
  }
  for (const [key, row] of older.rows) {
    if (found.mayHaveHad(key)) filled.fromSnapshot += Number(put(row));
  }
  return filled;
}

function readFrom(sql: DatabaseSync | undefined, shape: TableShape): ReadTable {
  const nothing: ReadTable = { rows: new Map(), mayHaveHad: () => true };
  try {
    if (sql === undefined || !hasTable(sql, shape.name)) return nothing;
    return readTable(sql, shape);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return nothing;
  }
}

function appliedIn(sql: DatabaseSync | undefined): Set<string> | undefined {
  const shape = { name: 'schema_migrations', columns: ['name'], primaryKey: undefined };
  const { rows } = readFrom(sql, shape);
  return rows.size === 0 ? undefined : new Set([...rows.values()].map(({ name }) => String(name)));
}

function shapesOf(sql: DatabaseSync): TableShape[] {
  const tables = sql.prepare(
    "SELECT name, wr FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  return tables.all().map(({ name, wr: isWithoutRowid }) => {
    const infos = sql.prepare(`PRAGMA table_info(${name})`).all();
    const columns = infos.map((info) => String(info['name']));
    const inKey = infos.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a['pk']) - Number(b['pk']));
    const primaryKey = isWithoutRowid === 1 ? inKey.map((info) => String(info['name'])) : undefined;
    return { name: String(name), columns, primaryKey };
  });
}

/** The columns of all unique indexes. */
function keysOf(sql: DatabaseSync, table: string): string[] {
  const indexes = sql
    .prepare(`PRAGMA index_list(${table})`)
    .all()
    .filter(({ unique }) => unique === 1);
  return indexes.flatMap(({ name }) =>
    sql
      .prepare(`PRAGMA index_info(${name})`)
      .all()
      .map((info) => String(info['name'])),
  );
}

function isJson(value: unknown): boolean {
  if (typeof value !== 'string') return value === null;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** Rows that refer to rows that are lost, of one table after the other until none is left. */
function removeOrphanRows(sql: DatabaseSync, tables: readonly TableShape[]): void {
  const removals = tables.flatMap(({ name }) => {
    const keys = Map.groupBy(sql.prepare(`PRAGMA foreign_key_list(${name})`).all(), ({ id }) => id);
    return [...keys.values()].map((columns) => {
      const same = columns.map(({ from, to }) => `parent.${to} = ${name}.${from}`).join(' AND ');
      const isSet = columns.map(({ from }) => `${from} IS NOT NULL`).join(' AND ');
      const parent = columns[0]?.['table'];
      return sql.prepare(
        `DELETE FROM ${name} WHERE ${isSet} AND NOT EXISTS (SELECT 1 FROM ${parent} AS parent WHERE ${same})`,
      );
    });
  });
  while (removals.some((removal) => removal.run().changes > 0));
}

const isNotWhole = ({ fromSnapshot, lost }: FilledTable): boolean => fromSnapshot + lost > 0;

/** @returns where the damaged file is now */
function putInPlace(file: string): string {
  const setAside = `${file}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  // The log belongs to the damaged file: beside the new one it would be taken for that one's.
  for (const suffix of ['', '-wal']) {
    if (fs.existsSync(`${file}${suffix}`)) fs.renameSync(`${file}${suffix}`, `${setAside}${suffix}`);
  }
  fs.rmSync(`${file}-shm`, { force: true });
  fs.renameSync(rescuedOf(file), file);
  syncFileNow(path.dirname(file));
  return setAside;
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) fs.rmSync(`${file}${suffix}`, { force: true });
}
