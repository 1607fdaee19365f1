import { type Digest, parseDigest } from '#image/digest.ts';
import type { ContentStore } from '#store/content.ts';
import type { Database } from '#store/database.ts';
import type { LayerStore } from '#store/layers.ts';

/**
 * Removes blobs and layers that nobody needs any more. Needed is what an image has (its config, its other content and
 * its layers), what a container has retained (see layer-uses.ts), and what a lease holds.
 */
export interface Collector {
  /** What is removed is gone for `has` at once; resolves when the space is free. @returns unpacked and compressed bytes */
  collect(): Promise<{ removedLayers: Digest[]; freedBytes: number }>;
  /** For a pull, load or build under way, from before its first look into the stores until its image is recorded. */
  lease(): Lease;
}

/** While held, nothing that was added since is collected, nor what was named to it. */
export interface Lease extends Disposable {
  /** Holds content or layers that are there already. Name them before asking `has`. */
  hold(digests: Iterable<Digest>): void;
}

export interface CollectorParts {
  database: Database;
  content: Pick<ContentStore, 'list' | 'sizeOf' | 'remove' | 'removeStaleIngests'>;
  layers: Pick<LayerStore, 'list' | 'sizeOf' | 'remove'>;
}

/** Downloads that nobody resumed in this time are given up. */
const staleIngestMs = 7 * 24 * 3600 * 1000;
interface HeldLease {
  /** What was there when the lease began and is still the same; everything else was added since. */
  before: Set<Digest>;
  held: Set<Digest>;
}

export function createCollector({ database, content, layers }: CollectorParts): Collector {
  const { sql } = database;
  const leases = new Set<HeldLease>();
  const unneededLayers = sql.prepare(`
    SELECT diff_id FROM layers
    WHERE diff_id NOT IN (SELECT diff_id FROM image_layers) AND diff_id NOT IN (SELECT diff_id FROM layer_uses)
    ORDER BY id`);
  const forgetBlobs = sql.prepare(
    'DELETE FROM layer_blobs WHERE diff_id NOT IN (SELECT diff_id FROM layers)',
  );
  const neededContent = sql.prepare('SELECT DISTINCT digest FROM image_content');

  function isLeased(digest: Digest): boolean {
    for (const { before, held } of leases) if (!before.has(digest) || held.has(digest)) return true;
    return false;
  }

  function findUnneededLayers(): Digest[] {
    const unneeded = unneededLayers.all().map((row) => parseDigest(String(row['diff_id'])));
    return unneeded.filter((diffId) => !isLeased(diffId));
  }

  function findUnneededContent(): Digest[] {
    const needed = new Set(neededContent.all().map((row) => String(row['digest'])));
    return content.list().filter((digest) => !needed.has(digest) && !isLeased(digest));
  }

  return {
    async collect() {
      // No await before the last `remove` is called: a lease taken meanwhile would come too late.
      let freedBytes = 0;
      const removedLayers = findUnneededLayers();
      const removedContent = findUnneededContent();
      for (const diffId of removedLayers) freedBytes += layers.sizeOf(diffId);
      for (const digest of removedContent) freedBytes += content.sizeOf(digest);
      // If they come again, they were added since.
      for (const { before } of leases)
        for (const digest of [...removedLayers, ...removedContent]) before.delete(digest);
      await Promise.all([
        ...removedLayers.map((diffId) => layers.remove(diffId)),
        ...removedContent.map((digest) => content.remove(digest)),
      ]);
      // A layer may be on its way in, with its forms known already.
      if (leases.size === 0) forgetBlobs.run();
      if (removedLayers.length + removedContent.length > 0) database.compact();
      freedBytes += await content.removeStaleIngests(new Date(Date.now() - staleIngestMs));
      return { removedLayers, freedBytes };
    },
    lease() {
      const lease = { before: new Set([...layers.list(), ...content.list()]), held: new Set<Digest>() };
      leases.add(lease);
      return {
        hold(digests) {
          for (const digest of digests) lease.held.add(digest);
        },
        [Symbol.dispose]: () => {
          leases.delete(lease);
        },
      };
    },
  };
}
