import path from 'node:path';
import type { Database, Migration } from '#store/database.ts';
import type { VolumeRecord } from '#volume/volume.ts';

export const volumeMigrations: readonly Migration[] = [
  {
    version: 4,
    name: '0004-volumes',
    sql: `
      CREATE TABLE volumes (
        name TEXT PRIMARY KEY,
        labels TEXT NOT NULL,
        anonymous INTEGER NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;`,
    documents: { volumes: ['labels'] },
  },
  {
    version: 30,
    name: '0030-volume-options',
    // directory: where the files still lie while a volume is being renamed. removing: its files are on their way out.
    sql: `
      ALTER TABLE volumes ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
      ALTER TABLE volumes ADD COLUMN directory TEXT;
      ALTER TABLE volumes ADD COLUMN removing INTEGER NOT NULL DEFAULT 0;`,
    documents: { volumes: ['options'] },
  },
];

/** What must be finished before anything else is done with a volume. */
export interface Unfinished {
  name: string;
  /** The directory that it had under its former name. */
  formerDirectory: string | undefined;
  removing: boolean;
  /** It has a size limit. */
  limited: boolean;
}

/** The rows of volumes that are not on their way out. */
export interface VolumeTable {
  find(name: string): VolumeRecord | undefined;
  list(): VolumeRecord[];
  /** With `doomed` it is as after `markRemoving`, until `keep`: a daemon that dies meanwhile leaves something to be removed. */
  insert(volume: Omit<VolumeRecord, 'mountpoint'>, doomed?: boolean): void;
  keep(name: string): void;
  /** Named by somebody, it is anonymous no longer. Its files stay where they are until `settleDirectory`. */
  rename(name: string, newName: string): void;
  settleDirectory(name: string): void;
  /** From now on it is not found, and its name not free. */
  markRemoving(name: string): void;
  isRemoving(name: string): boolean;
  delete(name: string): void;
  unfinished(): Unfinished[];
}

interface Row {
  name: string;
  labels: string;
  anonymous: number;
  created_at: number;
  options: string;
  directory: string | null;
  removing: number;
}

const columns = 'name, labels, anonymous, created_at, options, directory, removing';

export function createVolumeTable({ sql }: Database, volumesDirectory: string): VolumeTable {
  const insert = sql.prepare(
    'INSERT INTO volumes (name, labels, anonymous, created_at, options, removing) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const select = sql.prepare(`SELECT ${columns} FROM volumes WHERE name = ?`);
  const selectAll = sql.prepare(`SELECT ${columns} FROM volumes WHERE removing = 0 ORDER BY name`);
  const selectUnfinished = sql.prepare(
    `SELECT ${columns} FROM volumes WHERE removing = 1 OR directory IS NOT NULL`,
  );
  const rename = sql.prepare('UPDATE volumes SET name = ?, directory = name, anonymous = 0 WHERE name = ?');
  const settleDirectory = sql.prepare('UPDATE volumes SET directory = NULL WHERE name = ?');
  const markRemoving = sql.prepare('UPDATE volumes SET removing = 1 WHERE name = ?');
  const keep = sql.prepare('UPDATE volumes SET removing = 0 WHERE name = ?');
  const deleteRow = sql.prepare('DELETE FROM volumes WHERE name = ?');

  const rowOf = (name: string): Row | undefined => select.get(name) as Row | undefined;

  function decode(row: Row): VolumeRecord {
    return {
      name: row.name,
      mountpoint: path.join(volumesDirectory, row.directory ?? row.name, '_data'),
      // Both written by `insert` below.
      labels: JSON.parse(row.labels) as Record<string, string>,
      options: JSON.parse(row.options) as Record<string, string>,
      anonymous: row.anonymous === 1,
      createdAt: new Date(row.created_at),
    };
  }

  return {
    find(name) {
      const row = rowOf(name);
      return row && row.removing === 0 ? decode(row) : undefined;
    },
    list: () => (selectAll.all() as unknown as Row[]).map(decode),
    insert({ name, labels, options, anonymous, createdAt }, doomed = false) {
      const texts = [JSON.stringify(labels), JSON.stringify(options)] as const;
      insert.run(name, texts[0], Number(anonymous), createdAt.getTime(), texts[1], Number(doomed));
    },
    keep: (name) => void keep.run(name),
    rename: (name, newName) => void rename.run(newName, name),
    settleDirectory: (name) => void settleDirectory.run(name),
    markRemoving: (name) => void markRemoving.run(name),
    isRemoving: (name) => rowOf(name)?.removing === 1,
    delete: (name) => void deleteRow.run(name),
    unfinished: () =>
      (selectUnfinished.all() as unknown as Row[]).map((row) => ({
        name: row.name,
        formerDirectory: row.directory ?? undefined,
        removing: row.removing === 1,
        limited: decode(row).options['size'] !== undefined,
      })),
  };
}
