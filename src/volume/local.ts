import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import type { Database } from '#store/database.ts';
import { directorySize } from '#sys/directory-size.ts';
import { copyUp } from '#volume/local/copy-up.ts';
import type { VolumeRecord, VolumeStore } from '#volume/volume.ts';

export const volumeMigration = {
  version: 4,
  name: '0004-volumes',
  sql: `
    CREATE TABLE volumes (
      name TEXT PRIMARY KEY,
      labels TEXT NOT NULL,
      anonymous INTEGER NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;`,
} as const;

/** Docker's rule for volume names. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

interface Row {
  name: string;
  labels: string;
  anonymous: number;
  created_at: number;
}

/** Volumes as directories `<directory>/<name>/_data`, Docker's layout. */
export function createLocalVolumeStore(parts: { database: Database; directory: string }): VolumeStore {
  const { database, directory } = parts;
  const { sql } = database;
  const insert = sql.prepare('INSERT INTO volumes (name, labels, anonymous, created_at) VALUES (?, ?, ?, ?)');
  const select = sql.prepare('SELECT name, labels, anonymous, created_at FROM volumes WHERE name = ?');
  const selectAll = sql.prepare('SELECT name, labels, anonymous, created_at FROM volumes ORDER BY name');
  const deleteRow = sql.prepare('DELETE FROM volumes WHERE name = ?');
  const copying = new Map<string, Promise<void>>();

  function decode(row: Row): VolumeRecord {
    return {
      name: row.name,
      mountpoint: path.join(directory, row.name, '_data'),
      // Written by `create` below.
      labels: JSON.parse(row.labels) as Record<string, string>,
      anonymous: row.anonymous === 1,
      createdAt: new Date(row.created_at),
    };
  }

  function find(name: string): VolumeRecord | undefined {
    const row = select.get(name);
    return row && decode(row as unknown as Row);
  }

  function get(name: string): VolumeRecord {
    const found = find(name);
    if (!found) throw new DhowError('NotFound', `get ${name.slice(0, 300)}: no such volume`);
    return found;
  }

  return {
    find,
    get,
    list: () => selectAll.all().map((row) => decode(row as unknown as Row)),
    async create(request) {
      const anonymous = request.anonymous ?? request.name === undefined;
      const name = request.name ?? randomBytes(32).toString('hex');
      if (name.length > 255 || !namePattern.test(name)) {
        throw new DhowError(
          'InvalidParameter',
          `"${name.slice(0, 300)}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
        );
      }
      const known = find(name);
      if (known) return known;
      // Directory first: a row promises that the directory exists. One without a row is adopted by the next create.
      await fs.mkdir(path.join(directory, name, '_data'), { recursive: true, mode: 0o755 });
      return database.transaction(() => {
        const raced = find(name);
        if (raced) return raced;
        insert.run(name, JSON.stringify(request.labels ?? {}), anonymous ? 1 : 0, Date.now());
        return get(name);
      });
    },
    sizeOf: (name) => directorySize(get(name).mountpoint),
    async remove(name, users) {
      get(name);
      if (users.length > 0) {
        throw new DhowError('Conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`);
      }
      deleteRow.run(name);
      await fs.rm(path.join(directory, name), { recursive: true, force: true });
    },
    async copyUp(name, rootDirectory, target) {
      const { mountpoint } = get(name);
      await copying.get(name);
      const copy = copyUp(rootDirectory, target, mountpoint);
      const tracked = copy.then(
        () => {},
        () => {},
      );
      copying.set(name, tracked);
      try {
        await copy;
      } finally {
        if (copying.get(name) === tracked) copying.delete(name);
      }
    },
  };
}
