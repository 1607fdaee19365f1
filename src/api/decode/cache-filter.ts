import { Filters } from '#api/decode/filters.ts';
import { decodeUntil } from '#api/decode/timestamps.ts';
import { cacheTypes } from '#api/encode/cache-types.ts';
import type { Query } from '#api/http/query.ts';
import type { CachedBuildStep } from '#engine/builds.ts';

const accepted = [
  ...['until', 'unused-for', 'id', 'type', 'description', 'inuse', 'shared', 'private'],
  // `system prune` asks for all things with a label.
  ...['label', 'label!'],
];

/**
 * Which rows of the build cache `POST /build/prune` is to remove. Without `all` those stay whose layers an image or a container has too,
 * as in BuildKit: nothing would be freed.
 * @throws InvalidParameter for a filter that there is not
 */
export function decodeCacheFilter(query: Query, now: Date): (row: CachedBuildStep) => boolean {
  const filters = Filters.parse(query.text('filters'), accepted);
  const all = query.flag('all');
  const until = [...filters.values('until'), ...filters.values('unused-for')].at(-1);
  const unusedSince = until === undefined ? undefined : decodeUntil(until, now);
  const shared = filters.flag('shared');
  const isPrivate = filters.flag('private');
  // What a build uses is not told from what it may use: nothing that is listed is in use.
  const inUse = filters.flag('inuse');
  // No row has a label.
  const labelsMatch = filters.labels({});
  return (row) =>
    labelsMatch &&
    (all || !row.shared) &&
    (unusedSince === undefined || row.lastUsedAt < unusedSince) &&
    filters.some('id', (id) => row.key === id || row.key.startsWith(`sha256:${id}`)) &&
    filters.some('type', (type) => type === cacheTypes[row.kind]) &&
    filters.some('description', (text) => row.description === text) &&
    (shared === undefined || row.shared === shared) &&
    (isPrivate === undefined || row.shared !== isPrivate) &&
    inUse !== true;
}
