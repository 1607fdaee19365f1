import type { CachedBuildStep } from '#build/cache-row.ts';
import { type Digest, parseDigest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';
import type { LayerUses } from '#store/layer-uses.ts';
import type { LayerStore } from '#store/layers.ts';

/** What a step made when it ran with the inputs that its key stands for. */
export interface CachedStep {
  /** undefined: it changed no file. */
  diffId: Digest | undefined;
  sizeBytes: number;
  createdAt: Date;
}

export interface CacheTable {
  /** Counts as a use. A row whose layer is gone is no hit. */
  find(key: string): CachedStep | undefined;
  record(key: string, step: CachedStep & { description: string }): void;
  /** A cache mount was used, and is this large now. */
  recordMount(key: string, description: string, sizeBytes: number): void;
  /** Least recently used first. */
  list(): CachedBuildStep[];
  /** The layer is the collector's work afterwards. */
  remove(key: string): void;
  totalBytes(): number;
}

export function createCacheTable(parts: {
  database: Database;
  layers: Pick<LayerStore, 'has'>;
  layerUses: LayerUses;
}): CacheTable {
  const { database, layers, layerUses } = parts;
  const { sql } = database;
  const findRow = sql.prepare(
    "SELECT diff_id, size_bytes, created_at FROM build_cache WHERE key = ? AND kind = 'step'",
  );
  const touch = sql.prepare('UPDATE build_cache SET last_used_at = ?, uses = uses + 1 WHERE key = ?');
  const insert = sql.prepare(
    `INSERT INTO build_cache (key, kind, description, diff_id, size_bytes, created_at, last_used_at, uses)
     VALUES (?, ?, ?, ?, ?, ?, ?, 1)
     ON CONFLICT DO UPDATE SET diff_id = excluded.diff_id, size_bytes = excluded.size_bytes,
       created_at = excluded.created_at, last_used_at = excluded.last_used_at, uses = uses + 1`,
  );
  const insertMount = sql.prepare(
    `INSERT INTO build_cache (key, kind, description, diff_id, size_bytes, created_at, last_used_at, uses)
     VALUES (?, 'mount', ?, NULL, ?, ?, ?, 1)
     ON CONFLICT DO UPDATE SET size_bytes = excluded.size_bytes, last_used_at = excluded.last_used_at, uses = uses + 1`,
  );
  const rows = sql.prepare(
    `SELECT key, kind, description, size_bytes, created_at, last_used_at, uses,
       EXISTS (SELECT 1 FROM image_layers WHERE diff_id = build_cache.diff_id)
       OR EXISTS (SELECT 1 FROM layer_uses WHERE diff_id = build_cache.diff_id AND user NOT LIKE 'build:%') AS shared
     FROM build_cache ORDER BY last_used_at, key`,
  );
  const deleteRow = sql.prepare('DELETE FROM build_cache WHERE key = ?');
  const total = sql.prepare('SELECT COALESCE(SUM(size_bytes), 0) AS bytes FROM build_cache');

  function remove(key: string): void {
    database.transaction(() => {
      deleteRow.run(key);
      layerUses.release(userOf(key));
    });
  }

  return {
    find(key) {
      const row = findRow.get(key);
      if (row === undefined) return undefined;
      const text = row['diff_id'];
      const diffId = text === null ? undefined : parseDigest(String(text));
      if (diffId !== undefined && !layers.has(diffId)) {
        remove(key);
        return undefined;
      }
      touch.run(Date.now(), key);
      return {
        diffId,
        sizeBytes: Number(row['size_bytes']),
        createdAt: new Date(Number(row['created_at'])),
      };
    },
    record(key, { diffId, sizeBytes, createdAt, description }) {
      database.transaction(() => {
        layerUses.release(userOf(key));
        insert.run(key, 'step', description, diffId ?? null, sizeBytes, createdAt.getTime(), Date.now());
        if (diffId !== undefined) layerUses.retain(userOf(key), [diffId]);
      });
    },
    recordMount(key, description, sizeBytes) {
      insertMount.run(key, description, sizeBytes, Date.now(), Date.now());
    },
    list: () =>
      rows.all().map((row) => ({
        key: String(row['key']),
        kind: row['kind'] === 'mount' ? 'mount' : 'step',
        description: String(row['description']),
        sizeBytes: Number(row['size_bytes']),
        createdAt: new Date(Number(row['created_at'])),
        lastUsedAt: new Date(Number(row['last_used_at'])),
        uses: Number(row['uses']),
        shared: row['shared'] === 1,
      })),
    remove,
    totalBytes: () => Number(total.get()?.['bytes'] ?? 0),
  };
}

function userOf(key: string): string {
  return `build:${key}`;
}
