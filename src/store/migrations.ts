import { imageMigration } from '#store/database/migrations/0001-images.ts';
import { layerBlobMigration } from '#store/database/migrations/0010-layer-blobs.ts';
import { imageIndexMigration } from '#store/database/migrations/0011-image-indexes.ts';
import { tagTimeMigration } from '#store/database/migrations/0012-tag-times.ts';
import type { Migration } from '#store/database.ts';

/** The tables of this room, for `openDatabase`. */
export const storeMigrations: readonly Migration[] = [
  imageMigration,
  layerBlobMigration,
  imageIndexMigration,
  tagTimeMigration,
];
