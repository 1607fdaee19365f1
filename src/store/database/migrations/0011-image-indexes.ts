import type { Migration } from '#store/database.ts';

export const imageIndexMigration: Migration = {
  version: 11,
  name: '0011-image-indexes',
  sql: `
    -- Tags that stand for several images, one for each platform. The tag itself points at one of them.
    CREATE TABLE image_indexes (
      tag TEXT PRIMARY KEY REFERENCES image_tags (tag) ON DELETE CASCADE,
      -- JSON object
      annotations TEXT NOT NULL
    ) STRICT;
    CREATE TABLE image_index_entries (
      tag TEXT NOT NULL REFERENCES image_indexes (tag) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
      PRIMARY KEY (tag, position)
    ) STRICT;
    CREATE INDEX image_index_entries_by_image ON image_index_entries (image_id);

    -- What the manifest of an image that was built here says besides its layers: a JSON object. Images that came with a manifest have none.
    CREATE TABLE image_annotations (
      image_id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
      annotations TEXT NOT NULL
    ) STRICT;

    -- A tag that is given to an image anew stands for that alone.
    CREATE TRIGGER image_indexes_end AFTER UPDATE ON image_tags
      BEGIN DELETE FROM image_indexes WHERE tag = NEW.tag; END;
  `,
};
