import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { DhowError } from '#errors/error.ts';
import type { Migration } from '#store/database.ts';

/**
 * Refuses, before anything is changed, a database whose tables are not those that its migrations make: until 25 November 2026 migrations were
 * edited in place, and their databases cannot be told by name.
 * @throws Unsupported
 */
export function requireKnownSchema(path: string, migrations: readonly Migration[]): void {
  const found = fs.existsSync(path) ? readColumns(path) : undefined;
  // What a newer version has made of it is not for this one to judge: it is refused by name where it is opened.
  const names = new Set(migrations.map(({ name }) => name));
  if (found === undefined || !found.applied.isSubsetOf(names)) return;
  using expected = new DatabaseSync(':memory:');
  for (const { name, sql } of migrations.toSorted((a, b) => a.version - b.version)) {
    if (found.applied.has(name)) expected.exec(sql);
  }
  const missing = columnsOf(expected).find((column) => !found.columns.has(column));
  if (missing === undefined) return;
  throw new DhowError(
    'Unsupported',
    `the database ${path} was written by a development version of dhow whose tables were others (it has no ${missing}), and cannot be upgraded: end its containers with that version, then give this one another --data-root`,
  );
}

/** undefined when it cannot be read: what is to be done then is decided where it is opened. */
function readColumns(path: string): { applied: Set<string>; columns: Set<string> } | undefined {
  try {
    using database = new DatabaseSync(path, { readOnly: true });
    const applied = database.prepare('SELECT name FROM schema_migrations').all();
    return {
      applied: new Set(applied.map(({ name }) => String(name))),
      columns: new Set(columnsOf(database)),
    };
  } catch {
    return undefined;
  }
}

/** As `table.column`. */
function columnsOf(database: DatabaseSync): string[] {
  return database
    .prepare(
      `SELECT format('%s.%s', made.name, part.name) AS column
       FROM sqlite_master AS made, pragma_table_info(made.name) AS part WHERE made.type = 'table'`,
    )
    .all()
    .map(({ column }) => String(column));
}
