import type { DatabaseSync } from 'node:sqlite';
import { DhowError } from '#errors/error.ts';
import type { Documents } from '#store/database/damage.ts';
import type { Migration } from '#store/database.ts';

const createTable = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    applied_at INTEGER NOT NULL
  ) STRICT`;

/** Applies what is missing, in order of version. @throws Unsupported for a database from a newer program */
export function migrate(sql: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const ordered = migrations.toSorted((a, b) => a.version - b.version);
  const known = new Set(ordered.map((migration) => migration.name));
  const versions = new Set(ordered.map((migration) => migration.version));
  if (known.size < ordered.length || versions.size < ordered.length) {
    throw new DhowError('Internal', 'two migrations have the same name or version');
  }
  sql.exec(createTable);
  const applied = sql.prepare('SELECT name FROM schema_migrations ORDER BY version').all();
  const names = new Set(applied.map((row) => String(row['name'])));
  refuseNewer(names, migrations, path);
  const record = sql.prepare('INSERT INTO schema_migrations (name, version, applied_at) VALUES (?, ?, ?)');
  for (const migration of ordered) {
    if (names.has(migration.name)) continue;
    sql.exec('BEGIN IMMEDIATE');
    try {
      sql.exec(migration.sql);
      record.run(migration.name, migration.version, Date.now());
      sql.exec('COMMIT');
    } catch (error) {
      if (sql.isTransaction) sql.exec('ROLLBACK');
      throw new DhowError('Internal', `migration "${migration.name}" of the database ${path} failed`, {
        cause: error,
      });
    }
  }
}

/** @throws Unsupported when there are names among those applied that this program does not know */
export function refuseNewer(
  applied: ReadonlySet<string>,
  migrations: readonly Migration[],
  path: string,
): void {
  const known = new Set(migrations.map(({ name }) => name));
  const foreign = [...applied].find((name) => !known.has(name));
  if (foreign === undefined) return;
  throw new DhowError(
    'Unsupported',
    `the database ${path} was written by a newer version of dhow (it has the migration "${foreign}"); install that version or use another data directory`,
  );
}

/** The columns that hold JSON after all these migrations. */
export function documentsOf(migrations: readonly Migration[]): Documents {
  const columns = new Map<string, readonly string[]>();
  for (const { documents = {} } of migrations) {
    for (const [table, names] of Object.entries(documents)) {
      columns.set(table, [...(columns.get(table) ?? []), ...names]);
    }
  }
  return columns;
}
