import type { CachedBuildStep } from '#engine/builds.ts';
import type { ContainerView } from '#engine/containers.ts';
import type { Digest } from '#image/digest.ts';
import type { ImageRecord } from '#store/images.ts';
import type { VolumeRecord } from '#volume/volume.ts';

export type DiskUsagePart = 'images' | 'containers' | 'volumes' | 'buildCache';

/** What lies on the disk, for `system df`. A part that was not asked for is undefined, as measuring reads whole trees. */
export interface DiskUsage {
  images?: {
    /** All layers in the store, each once, also those that only a container keeps, without what only builds keep. */
    layersBytes: number;
    items: { image: ImageRecord; sharedBytes: number; containers: number }[];
  };
  /** `writableBytes` are the writable layer's and the log's. */
  containers?: { view: ContainerView; size: { writableBytes: number; rootBytes: number } }[];
  volumes?: { volume: VolumeRecord; sizeBytes: number; users: number }[];
  buildCache?: CachedBuildStep[];
}

export interface DiskUsageService {
  measure(parts: ReadonlySet<DiskUsagePart>): Promise<DiskUsage>;
  /** Of each image the bytes in layers that another one has as well; an image without any is not in it. */
  sharedBytesOfImages(): ReadonlyMap<Digest, number>;
}
