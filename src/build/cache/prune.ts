import type { CacheMounts } from '#build/cache/cache-mounts.ts';
import type { CacheTable } from '#build/cache/cache-table.ts';
import type { CachedBuildStep } from '#build/cache-row.ts';
import type { Collector } from '#store/images.ts';

export interface PruneOptions {
  /** Whether a row may go; all may when this is left out. */
  isWanted?: (row: CachedBuildStep) => boolean;
  /** Stop when no more than this is left. */
  keepBytes?: number;
}

/**
 * Removes rows of the build cache, least recently used first, and then the layers that nobody needs any more. Cache mounts in use
 * stay.
 * @returns keys of what was removed, and the bytes that are free now
 */
export async function pruneCache(
  { cache, cacheMounts, collector }: { cache: CacheTable; cacheMounts: CacheMounts; collector: Collector },
  { isWanted = () => true, keepBytes }: PruneOptions,
): Promise<{ removed: string[]; freedBytes: number }> {
  const removed: string[] = [];
  let freedBytes = 0;
  let left = cache.totalBytes();
  if (keepBytes !== undefined && left <= keepBytes) return { removed, freedBytes };
  for (const row of cache.list()) {
    if (keepBytes !== undefined && left <= keepBytes) break;
    if (!isWanted(row)) continue;
    if (row.kind === 'mount') {
      if (!(await cacheMounts.remove(row.key))) continue;
      freedBytes += row.sizeBytes;
    } else cache.remove(row.key);
    left -= row.sizeBytes;
    removed.push(row.key);
  }
  const collected = await collector.collect();
  return { removed, freedBytes: freedBytes + collected.freedBytes };
}
