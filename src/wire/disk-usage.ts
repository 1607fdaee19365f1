import type { ContainerSummary } from '#wire/containers.ts';
import type { ImageSummary } from '#wire/images.ts';
import type { Volume } from '#wire/volumes.ts';

/** Answer of `GET /system/df` up to API 1.51. A list that was not asked for is null. */
export interface LegacyDiskUsage {
  LayersSize: number;
  Images: ImageSummary[] | null;
  Containers: ContainerSummary[] | null;
  Volumes: Volume[] | null;
  BuildCache: BuildCacheRecord[] | null;
}

/** The same from API 1.52 on; what was not asked for is absent. */
export interface DiskUsage {
  ImageUsage?: UsageOf<ImageSummary>;
  ContainerUsage?: UsageOf<ContainerSummary>;
  VolumeUsage?: UsageOf<Volume>;
  BuildCacheUsage?: UsageOf<BuildCacheRecord>;
}

export interface UsageOf<Item> {
  ActiveCount: number;
  TotalCount: number;
  Reclaimable: number;
  TotalSize: number;
  /** With `verbose` only. */
  Items?: Item[];
}

export interface BuildCacheRecord {
  ID: string;
  Type: string;
  Size: number;
  InUse: boolean;
  Shared: boolean;
  Description: string;
  /** RFC 3339 */
  CreatedAt: string;
  LastUsedAt: string | null;
  UsageCount: number;
}
