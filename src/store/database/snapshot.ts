import fs from 'node:fs/promises';
import path from 'node:path';
import { backup, type DatabaseSync } from 'node:sqlite';
import { DhowError } from '#errors/error.ts';
import { type Documents, findDamage } from '#store/database/damage.ts';
import { createPrivateFile } from '#store/database/private-file.ts';
import { snapshotOf } from '#store/database/rescue.ts';

/**
 * Copies a database beside itself, off the event loop, and puts the copy in the place of the last one if it is whole.
 * @throws DataLoss when the copy is damaged, as then the database is
 */
export async function writeSnapshot(sql: DatabaseSync, file: string, documents: Documents): Promise<void> {
  const unfinished = `${snapshotOf(file)}.new`;
  await fs.rm(unfinished, { force: true });
  createPrivateFile(unfinished);
  await backup(sql, unfinished);
  const damage = findDamage(unfinished, documents, true);
  if (damage !== undefined) {
    throw new DhowError(
      'DataLoss',
      `the database ${file} is damaged (${damage.problems[0]}): start the daemon anew, which rescues what can be read and takes the rest from ${snapshotOf(file)}`,
    );
  }
  await syncPath(unfinished);
  await fs.rename(unfinished, snapshotOf(file));
  await syncPath(path.dirname(file));
}

async function syncPath(target: string): Promise<void> {
  await using handle = await fs.open(target, 'r');
  await handle.sync();
}
