import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { type Digest, parseDigest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

export interface LayerRow {
  id: number;
  diffId: Digest;
  sizeBytes: number;
  /** Length of the tar; undefined when it cannot be put together again. */
  tarBytes: number | undefined;
  opaqueRoot: boolean;
}

export interface LayerTable {
  find(diffId: Digest): LayerRow | undefined;
  list(): Digest[];
  ids(): Set<number>;
  /** Writes the row, marked as not synced, in one transaction with `place`, which is told the new id. */
  add(layer: Omit<LayerRow, 'id'>, place: (id: number) => void): void;
  /** Writes new sizes, marked as not synced, in one transaction with `place`. */
  update(layer: LayerRow, place: () => void): void;
  remove(id: number): void;
  unsynced(): number[];
  markSynced(ids: readonly number[]): void;
  /** Their files may be hollow: `dropLostInCrash` will drop the rows. */
  markLost(ids: readonly number[]): void;
  hasLost(): boolean;
  /** Drops rows whose files were not synced before the machine went down, or could not be. */
  dropLostInCrash(): void;
}

const columns = 'id, diff_id, size_bytes, tar_bytes, opaque_root';

export function createLayerTable(database: Database): LayerTable {
  const { sql } = database;
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const findRow = sql.prepare(`SELECT ${columns} FROM layers WHERE diff_id = ?`);
  const listRows = sql.prepare('SELECT id, diff_id FROM layers ORDER BY id');
  const insert = sql.prepare(
    'INSERT INTO layers (diff_id, size_bytes, tar_bytes, opaque_root, unsynced_boot, added_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const updateRow = sql.prepare(
    'UPDATE layers SET size_bytes = ?, tar_bytes = ?, opaque_root = ?, unsynced_boot = ? WHERE id = ?',
  );
  const deleteRow = sql.prepare('DELETE FROM layers WHERE id = ?');
  const unsyncedRows = sql.prepare('SELECT id FROM layers WHERE unsynced_boot = ?');
  const lostRow = sql.prepare('SELECT 1 FROM layers WHERE unsynced_boot <> ? LIMIT 1');
  const setLost = sql.prepare("UPDATE layers SET unsynced_boot = 'lost' WHERE id = ?");
  const setSynced = sql.prepare('UPDATE layers SET unsynced_boot = NULL WHERE id = ?');
  const deleteLost = sql.prepare('DELETE FROM layers WHERE unsynced_boot <> ?');

  return {
    find(diffId) {
      const row = findRow.get(diffId);
      return row === undefined ? undefined : decodeRow(row);
    },
    list: () => listRows.all().map((row) => parseDigest(String(row['diff_id']))),
    ids: () => new Set(listRows.all().map((row) => Number(row['id']))),
    add({ diffId, sizeBytes, tarBytes, opaqueRoot }, place) {
      database.transaction(() => {
        const opaque = opaqueRoot ? 1 : 0;
        const { lastInsertRowid } = insert.run(diffId, sizeBytes, tarBytes ?? null, opaque, boot, Date.now());
        place(Number(lastInsertRowid));
      });
    },
    update({ id, sizeBytes, tarBytes, opaqueRoot }, place) {
      database.transaction(() => {
        updateRow.run(sizeBytes, tarBytes ?? null, opaqueRoot ? 1 : 0, boot, id);
        place();
      });
    },
    remove(id) {
      deleteRow.run(id);
    },
    unsynced: () => unsyncedRows.all(boot).map((row) => Number(row['id'])),
    markSynced(ids) {
      database.transaction(() => {
        for (const id of ids) setSynced.run(id);
      });
    },
    markLost(ids) {
      database.transaction(() => {
        for (const id of ids) setLost.run(id);
      });
    },
    hasLost: () => lostRow.get(boot) !== undefined,
    dropLostInCrash() {
      deleteLost.run(boot);
    },
  };
}

function decodeRow(row: Record<string, unknown>): LayerRow {
  const { id, diff_id: diffId, size_bytes: sizeBytes, tar_bytes: tarBytes, opaque_root: opaqueRoot } = row;
  if (typeof id !== 'number' || typeof sizeBytes !== 'number') {
    throw new DhowError('Internal', 'a row of the table "layers" is damaged');
  }
  return {
    id,
    diffId: parseDigest(String(diffId)),
    sizeBytes,
    tarBytes: typeof tarBytes === 'number' ? tarBytes : undefined,
    opaqueRoot: opaqueRoot === 1,
  };
}
