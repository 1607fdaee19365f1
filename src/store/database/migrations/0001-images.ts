import type { Migration } from '#store/database.ts';

export const imageMigration: Migration = {
  version: 1,
  name: '0001-images',
  documents: { images: ['config'] },
  sql: `
    CREATE TABLE images (
      id TEXT PRIMARY KEY,
      config TEXT NOT NULL,
      added_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE image_tags (
      tag TEXT PRIMARY KEY,
      image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
    ) STRICT;
    CREATE INDEX image_tags_by_image ON image_tags (image_id);

    CREATE TABLE image_repo_digests (
      repo_digest TEXT PRIMARY KEY,
      image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
    ) STRICT;
    CREATE INDEX image_repo_digests_by_image ON image_repo_digests (image_id);

    -- Base first. One diff id can stand in an image twice.
    CREATE TABLE image_layers (
      image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      diff_id TEXT NOT NULL,
      PRIMARY KEY (image_id, position)
    ) STRICT;
    CREATE INDEX image_layers_by_diff_id ON image_layers (diff_id);

    -- Content that the image keeps: config, manifests, compressed layers.
    CREATE TABLE image_content (
      image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
      digest TEXT NOT NULL,
      PRIMARY KEY (image_id, digest)
    ) STRICT;

    -- unsynced_boot: the boot in which the layer was unpacked while its files may not be on disk yet; else null.
    CREATE TABLE layers (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      diff_id TEXT NOT NULL UNIQUE,
      size_bytes INTEGER NOT NULL,
      opaque_root INTEGER NOT NULL,
      unsynced_boot TEXT,
      added_at INTEGER NOT NULL
    ) STRICT;

    -- Who needs a layer besides images: containers, which outlive their image's removal.
    CREATE TABLE layer_uses (
      user TEXT NOT NULL,
      diff_id TEXT NOT NULL,
      PRIMARY KEY (user, diff_id)
    ) STRICT;
    CREATE INDEX layer_uses_by_diff_id ON layer_uses (diff_id);
  `,
};
