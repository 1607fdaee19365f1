import { type Digest, parseDigest } from '#image/digest.ts';
import type { ContentStore } from '#store/content.ts';
import type { Database } from '#store/database.ts';
import type { LayerStore } from '#store/layers.ts';
import type { Lease, Leases } from '#store/leases.ts';

/**
 * Removes blobs and layers that nobody needs any more. Needed is what an image has (its config, its other content and
 * its layers), what a container has retained (see layer-uses.ts), and what a lease holds.
 */
export interface Collector {
  /**
   * What is removed is gone for `has` at once; resolves when the space is free.
   * @param addedBefore what was added since stays: a pull that broke off goes on with it when it is tried again
   * @returns unpacked and compressed bytes
   */
  collect(addedBefore?: Date): Promise<{ removedLayers: Digest[]; freedBytes: number }>;
  /** For a pull, load or build under way, from before its first look into the stores until its image is recorded. */
  lease(): Lease;
}

export interface CollectorParts {
  database: Database;
  content: Pick<ContentStore, 'list' | 'sizeOf' | 'addedAt' | 'remove' | 'removeStaleIngests'>;
  layers: Pick<LayerStore, 'list' | 'sizeOf' | 'remove'>;
  leases: Leases;
  /** Downloads that nobody resumed in this time are given up. */
  keepUnfinishedMs: number;
}

/** The largest Date. */
const endOfTime = new Date(8.64e15);

export function createCollector(parts: CollectorParts): Collector {
  const { database, content, layers, leases, keepUnfinishedMs } = parts;
  const { sql } = database;
  const unneededLayers = sql.prepare(`
    SELECT diff_id FROM layers
    WHERE diff_id NOT IN (SELECT diff_id FROM image_layers) AND diff_id NOT IN (SELECT diff_id FROM layer_uses)
      AND added_at < ?
    ORDER BY id`);
  const forgetBlobs = sql.prepare(
    'DELETE FROM layer_blobs WHERE diff_id NOT IN (SELECT diff_id FROM layers)',
  );
  const neededContent = sql.prepare('SELECT DISTINCT digest FROM image_content');

  function findUnneededLayers(addedBefore: Date): Digest[] {
    const unneeded = unneededLayers
      .all(addedBefore.getTime())
      .map((row) => parseDigest(String(row['diff_id'])));
    return unneeded.filter((diffId) => !leases.isHeld(diffId));
  }

  function findUnneededContent(addedBefore: Date): Digest[] {
    const needed = new Set(neededContent.all().map((row) => String(row['digest'])));
    return content
      .list()
      .filter(
        (digest) => !needed.has(digest) && !leases.isHeld(digest) && content.addedAt(digest) < addedBefore,
      );
  }

  return {
    async collect(addedBefore = endOfTime) {
      // No await before the last `remove` is called: a lease taken meanwhile would come too late.
      let freedBytes = 0;
      const removedLayers = findUnneededLayers(addedBefore);
      const removedContent = findUnneededContent(addedBefore);
      for (const diffId of removedLayers) freedBytes += layers.sizeOf(diffId);
      for (const digest of removedContent) freedBytes += content.sizeOf(digest);
      await Promise.all([
        ...removedLayers.map((diffId) => layers.remove(diffId)),
        ...removedContent.map((digest) => content.remove(digest)),
      ]);
      // A layer may be on its way in, with its forms known already.
      if (!leases.isAnyHeld()) forgetBlobs.run();
      if (removedLayers.length + removedContent.length > 0) database.compact();
      freedBytes += await content.removeStaleIngests(new Date(Date.now() - keepUnfinishedMs));
      return { removedLayers, freedBytes };
    },
    lease: () => leases.lease(),
  };
}
