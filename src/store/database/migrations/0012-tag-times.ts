import type { Migration } from '#store/database.ts';

export const tagTimeMigration: Migration = {
  version: 12,
  name: '0012-tag-times',
  sql: `
    -- When the tag was given to its image last, in milliseconds since 1970; null: before this column was there.
    ALTER TABLE image_tags ADD COLUMN tagged_at INTEGER;
  `,
};
