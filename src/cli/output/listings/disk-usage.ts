import type { Listing } from '#cli/output/listing.ts';
import { humanSize } from '#cli/output/size.ts';
import type { ContainerSummary } from '#wire/containers.ts';
import type { LegacyDiskUsage } from '#wire/disk-usage.ts';

export const diskUsageTable =
  'table {{.Type}}\\t{{.TotalCount}}\\t{{.Active}}\\t{{.Size}}\\t{{.Reclaimable}}';

export interface DiskUsageRow {
  type: string;
  total: number;
  active: number;
  sizeBytes: number;
  reclaimableBytes: number;
  /** Without one for what is always reclaimable as a whole. */
  withShare: boolean;
}

export function diskUsageListing(): Listing<DiskUsageRow> {
  return {
    typeName: '*formatter.diskUsageContext',
    columns: {
      Type: { title: 'TYPE', value: (row) => row.type },
      TotalCount: { title: 'TOTAL', value: (row) => String(row.total) },
      Active: { title: 'ACTIVE', value: (row) => String(row.active) },
      Size: { title: 'SIZE', value: (row) => humanSize(row.sizeBytes) },
      Reclaimable: {
        title: 'RECLAIMABLE',
        value: ({ sizeBytes, reclaimableBytes, withShare }) =>
          withShare && sizeBytes > 0
            ? `${humanSize(reclaimableBytes)} (${Math.trunc((reclaimableBytes * 100) / sizeBytes)}%)`
            : humanSize(reclaimableBytes),
      },
    },
  };
}

/** The four totals that `docker system df` shows. */
export function summarizeDiskUsage(usage: LegacyDiskUsage): DiskUsageRow[] {
  const images = usage.Images ?? [];
  const containers = usage.Containers ?? [];
  const volumes = usage.Volumes ?? [];
  const cache = usage.BuildCache ?? [];
  const usedByImages = sum(
    images.filter(({ Containers }) => Containers > 0),
    ({ Size, SharedSize }) => (SharedSize === -1 ? 0 : Size - SharedSize),
  );
  const writable = ({ SizeRw = 0 }: ContainerSummary): number => SizeRw;
  const ownCache = cache.filter(({ Shared }) => !Shared);
  return [
    {
      type: 'Images',
      total: images.length,
      active: images.filter(({ Containers }) => Containers > 0).length,
      sizeBytes: usage.LayersSize,
      reclaimableBytes: Math.max(0, usage.LayersSize - usedByImages),
      withShare: true,
    },
    {
      type: 'Containers',
      total: containers.length,
      active: containers.filter(isActive).length,
      sizeBytes: sum(containers, writable),
      reclaimableBytes: sum(
        containers.filter((container) => !isActive(container)),
        writable,
      ),
      withShare: true,
    },
    {
      type: 'Local Volumes',
      total: volumes.length,
      active: volumes.filter(({ UsageData }) => (UsageData?.RefCount ?? 0) > 0).length,
      sizeBytes: sum(volumes, ({ UsageData }) => UsageData?.Size ?? 0),
      reclaimableBytes: sum(
        volumes.filter(({ UsageData }) => UsageData?.RefCount === 0),
        ({ UsageData }) => UsageData?.Size ?? 0,
      ),
      withShare: true,
    },
    {
      type: 'Build Cache',
      total: cache.length,
      active: cache.filter(({ InUse }) => InUse).length,
      sizeBytes: sum(ownCache, ({ Size }) => Size),
      reclaimableBytes: sum(
        ownCache.filter(({ InUse }) => !InUse),
        ({ Size }) => Size,
      ),
      withShare: false,
    },
  ];
}

function isActive({ State }: ContainerSummary): boolean {
  return ['running', 'paused', 'restarting'].includes(State);
}

function sum<Item>(items: readonly Item[], bytesOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + bytesOf(item), 0);
}
