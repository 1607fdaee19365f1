import { cacheTypes } from '#api/encode/cache-types.ts';
import { encodeContainerSummary } from '#api/encode/container-summary.ts';
import { encodeImageSummary } from '#api/encode/images.ts';
import { encodeVolume } from '#api/encode/volumes.ts';
import type { CachedBuildStep } from '#engine/builds.ts';
import type { DiskUsage } from '#engine/disk-usage.ts';
import type { ContainerSummary } from '#wire/containers.ts';
import type {
  BuildCacheRecord,
  LegacyDiskUsage,
  UsageOf,
  DiskUsage as WireDiskUsage,
} from '#wire/disk-usage.ts';
import type { ImageSummary } from '#wire/images.ts';
import type { Volume } from '#wire/volumes.ts';

interface Context {
  now: Date;
  minor: number;
  imageNameHolds: (name: string, imageId: string) => boolean;
}

/** Up to API 1.51. */
export function encodeLegacyDiskUsage(usage: DiskUsage, context: Context): LegacyDiskUsage {
  return {
    LayersSize: usage.images?.layersBytes ?? 0,
    Images: usage.images === undefined ? null : imagesOf(usage.images, context.minor),
    Containers: usage.containers === undefined ? null : containersOf(usage.containers, context),
    Volumes: usage.volumes === undefined ? null : volumesOf(usage.volumes),
    BuildCache: usage.buildCache === undefined ? null : usage.buildCache.map(encodeCachedStep),
  };
}

export function encodeDiskUsage(usage: DiskUsage, verbose: boolean, context: Context): WireDiskUsage {
  const withItems = <Item>(total: UsageOf<Item>, items: Item[]): UsageOf<Item> =>
    verbose ? { ...total, Items: items } : total;
  const { images, containers, volumes, buildCache } = usage;
  return {
    ...(images ? { ImageUsage: withItems(totalOfImages(images), imagesOf(images, context.minor)) } : {}),
    ...(containers
      ? { ContainerUsage: withItems(totalOfContainers(containers), containersOf(containers, context)) }
      : {}),
    ...(volumes ? { VolumeUsage: withItems(totalOfVolumes(volumes), volumesOf(volumes)) } : {}),
    ...(buildCache
      ? { BuildCacheUsage: withItems(totalOfBuildCache(buildCache), buildCache.map(encodeCachedStep)) }
      : {}),
  };
}

type Part<Name extends keyof DiskUsage> = NonNullable<DiskUsage[Name]>;

function imagesOf({ items }: Part<'images'>, minor: number): ImageSummary[] {
  return items.map(({ image, sharedBytes, containers }) => ({
    ...encodeImageSummary(image, minor),
    SharedSize: sharedBytes,
    Containers: containers,
  }));
}

function containersOf(rows: Part<'containers'>, { now, minor, imageNameHolds }: Context): ContainerSummary[] {
  return rows.map(({ view, size }) =>
    encodeContainerSummary(view, {
      now,
      minor,
      imageNameHolds: imageNameHolds(view.settings.image, view.imageId),
      size,
    }),
  );
}

function volumesOf(rows: Part<'volumes'>): Volume[] {
  return rows.map(({ volume, sizeBytes, users }) => ({
    ...encodeVolume(volume),
    UsageData: { Size: sizeBytes, RefCount: users },
  }));
}

/** Nothing counts as in use: also what a running build has used can be pruned, as the build then runs the step again. */
function encodeCachedStep(row: CachedBuildStep): BuildCacheRecord {
  return {
    ID: row.key,
    Type: cacheTypes[row.kind],
    Size: row.sizeBytes,
    InUse: false,
    Shared: row.shared,
    Description: row.description,
    CreatedAt: row.createdAt.toISOString(),
    LastUsedAt: row.lastUsedAt.toISOString(),
    UsageCount: row.uses,
  };
}

function totalOfBuildCache(rows: readonly CachedBuildStep[]): UsageOf<BuildCacheRecord> {
  const bytes = rows.reduce((sum, { shared, sizeBytes }) => sum + (shared ? 0 : sizeBytes), 0);
  return { ActiveCount: 0, TotalCount: rows.length, Reclaimable: bytes, TotalSize: bytes };
}

function totalOfImages({ layersBytes, items }: Part<'images'>): UsageOf<ImageSummary> {
  const active = items.filter(({ containers }) => containers > 0);
  const used = active.reduce((sum, { image, sharedBytes }) => sum + image.sizeBytes - sharedBytes, 0);
  return {
    ActiveCount: active.length,
    TotalCount: items.length,
    Reclaimable: Math.max(0, layersBytes - used),
    TotalSize: layersBytes,
  };
}

function totalOfContainers(rows: Part<'containers'>): UsageOf<ContainerSummary> {
  const isActive = ({ view }: (typeof rows)[number]): boolean =>
    ['running', 'paused', 'restarting'].includes(view.state.status);
  const bytes = (some: typeof rows): number => some.reduce((sum, { size }) => sum + size.writableBytes, 0);
  return {
    ActiveCount: rows.filter(isActive).length,
    TotalCount: rows.length,
    Reclaimable: bytes(rows.filter((row) => !isActive(row))),
    TotalSize: bytes(rows),
  };
}

function totalOfVolumes(rows: Part<'volumes'>): UsageOf<Volume> {
  const bytes = (some: typeof rows): number => some.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    ActiveCount: rows.filter(({ users }) => users > 0).length,
    TotalCount: rows.length,
    Reclaimable: bytes(rows.filter(({ users }) => users === 0)),
    TotalSize: bytes(rows),
  };
}
