import type { Digest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

/** Who needs a layer besides images: a container keeps its layers also when its image is removed by force. */
export interface LayerUses {
  /** Keeps layers for a user (the id of a container) until `release`. Part of the caller's transaction. */
  retain(user: string, diffIds: readonly Digest[]): void;
  /** No error if nothing was retained. */
  release(user: string): void;
}

export function createLayerUses(database: Database): LayerUses {
  const insert = database.sql.prepare(
    'INSERT INTO layer_uses (user, diff_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const remove = database.sql.prepare('DELETE FROM layer_uses WHERE user = ?');
  return {
    retain(user, diffIds) {
      database.transaction(() => {
        for (const diffId of diffIds) insert.run(user, diffId);
      });
    },
    release(user) {
      remove.run(user);
    },
  };
}
