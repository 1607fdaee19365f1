import type { Listing } from '#cli/output/listing.ts';
import { humanSize } from '#cli/output/size.ts';
import { ellipsis } from '#cli/output/width.ts';
import type { BuildCacheRecord } from '#wire/disk-usage.ts';
import { humanDuration } from '#wire/human-duration.ts';

export const buildCacheTable =
  'table {{.ID}}\\t{{.CacheType}}\\t{{.Size}}\\t{{.CreatedSince}}\\t{{.LastUsedSince}}\\t{{.UsageCount}}\\t{{.Shared}}';

/** `now` in milliseconds since the epoch. */
export function buildCacheListing(now: number): Listing<BuildCacheRecord> {
  const since = (time: string): string => `${humanDuration(now - Date.parse(time))} ago`;
  return {
    typeName: '*formatter.buildCacheContext',
    columns: {
      ID: { title: 'CACHE ID', value: (row) => `${ellipsis(row.ID, 12)}${row.InUse ? '*' : ''}` },
      CacheType: { title: 'CACHE TYPE', value: (row) => row.Type },
      Description: { title: 'DESCRIPTION', value: (row) => row.Description },
      Size: { title: 'SIZE', value: (row) => humanSize(row.Size, 3) },
      CreatedSince: { title: 'CREATED', value: (row) => since(row.CreatedAt) },
      LastUsedSince: { title: 'LAST USED', value: (row) => (row.LastUsedAt ? since(row.LastUsedAt) : '') },
      UsageCount: { title: 'USAGE', value: (row) => String(row.UsageCount) },
      Shared: { title: 'SHARED', value: (row) => String(row.Shared) },
    },
  };
}
