import { imageMigration } from '#store/database/migrations/0001-images.ts';
import { layerBlobMigration } from '#store/database/migrations/0010-layer-blobs.ts';
import type { Migration } from '#store/database.ts';

/** The tables of this room, for `openDatabase`. */
export const storeMigrations: readonly Migration[] = [imageMigration, layerBlobMigration];
