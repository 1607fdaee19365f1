import type { Migration } from '#store/database.ts';

export const layerBlobMigration: Migration = {
  version: 10,
  name: '0010-layer-blobs',
  sql: `
    -- Length of the layer's tar; null for layers that were unpacked without a record of it.
    ALTER TABLE layers ADD COLUMN tar_bytes INTEGER;

    -- Manifests that name an image as it was received or pushed; the last one is the newest.
    CREATE TABLE image_manifests (
      id INTEGER PRIMARY KEY,
      image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
      digest TEXT NOT NULL,
      UNIQUE (image_id, digest)
    ) STRICT;

    -- Compressed forms in which a layer was received or pushed. Their bytes need not be here.
    CREATE TABLE layer_blobs (
      digest TEXT PRIMARY KEY,
      diff_id TEXT NOT NULL,
      media_type TEXT NOT NULL,
      size_bytes INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX layer_blobs_by_diff_id ON layer_blobs (diff_id);

    -- Repositories (registry/path) that have a form.
    CREATE TABLE layer_blob_sources (
      digest TEXT NOT NULL REFERENCES layer_blobs (digest) ON DELETE CASCADE,
      repository TEXT NOT NULL,
      seen_at INTEGER NOT NULL,
      PRIMARY KEY (digest, repository)
    ) STRICT;
  `,
};
