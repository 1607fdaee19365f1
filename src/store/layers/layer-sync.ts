import { DhowError, messageOf } from '#errors/error.ts';
import { shareRuns } from '#store/database/share-runs.ts';
import type { Database } from '#store/database.ts';
import type { LayerTable } from '#store/layers/layer-table.ts';
import { syncFileSystem } from '#sys/sync.ts';

export interface LayerSync {
  /** Resolves when all layers that have a row now are on disk, rows included. Calls at the same time share the work. */
  durable(): Promise<void>;
  /** Resolves when nothing is under way; never rejects. */
  settled(): Promise<void>;
}

export function createLayerSync(table: LayerTable, database: Database, directory: string): LayerSync {
  async function sync(): Promise<void> {
    const ids = table.unsynced();
    if (ids.length > 0) {
      try {
        await syncFileSystem(directory);
      } catch (cause) {
        // The kernel tells it once, and takes what it could not write for written from now on.
        table.markLost(ids);
        throw new DhowError('DataLoss', `cannot write layers to disk: ${messageOf(cause)}`, { cause });
      }
      table.markSynced(ids);
    }
    if (table.hasLost()) {
      throw new DhowError(
        'DataLoss',
        'the disk failed when layers were written, and what it has of them is not known: see to the disk and start the daemon anew, which drops them',
      );
    }
    await database.durable();
  }

  const { next: durable, settled } = shareRuns(sync);
  return { durable, settled };
}
