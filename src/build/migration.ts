import type { Migration } from '#store/database.ts';

/** What steps made, and cache mounts. Layers are kept from collection by rows of `layer_uses` for `build:<key>`. */
export const buildMigration: Migration = {
  version: 20,
  name: '0020-build-cache',
  sql: `
    CREATE TABLE build_cache (
      -- Of a step: the digest of its inputs; of a cache mount: the name of its directory.
      key TEXT PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('step', 'mount')),
      description TEXT NOT NULL,
      -- Null when the step changed no file.
      diff_id TEXT,
      size_bytes INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      last_used_at INTEGER NOT NULL,
      uses INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX build_cache_by_use ON build_cache (last_used_at);
  `,
};
