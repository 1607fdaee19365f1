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
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function sync(): Promise<void> {
    const ids = table.unsynced();
    if (ids.length > 0) {
      await syncFileSystem(directory);
      table.markSynced(ids);
    }
    await database.durable();
  }

  function start(): Promise<void> {
    const current = sync().finally(() => {
      if (running === current) running = undefined;
    });
    running = current;
    return current;
  }

  return {
    durable() {
      if (running === undefined) return start();
      // The running one may not see the caller's layer.
      next ??= running
        .catch(() => {})
        .then(() => {
          next = undefined;
          return start();
        });
      return next;
    },
    async settled() {
      while (running !== undefined || next !== undefined) await (next ?? running)?.catch(() => {});
    },
  };
}
