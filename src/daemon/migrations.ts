import { buildMigration } from '#engine/build-service.ts';
import { containerMigration } from '#engine/container-service.ts';
import { networkMigrations } from '#network/network-stack.ts';
import type { Migration } from '#store/database.ts';
import { storeMigrations } from '#store/migrations.ts';
import { volumeMigrations } from '#volume/local.ts';

/** All tables of the database; each room owns its own. */
export const migrations: readonly Migration[] = [
  ...storeMigrations,
  containerMigration,
  ...networkMigrations,
  ...volumeMigrations,
  buildMigration,
];
