import type { EventService } from '#engine/events.ts';
import type { Platform } from '#image/platform.ts';
import type { Log } from '#log/log.ts';
import type { RegistryClient } from '#registry/registry.ts';
import type { ContentStore } from '#store/content.ts';
import type { Database } from '#store/database.ts';
import type { ImageIndexes } from '#store/image-indexes.ts';
import type { Collector, ImageStore } from '#store/images.ts';
import type { LayerBlobs } from '#store/layer-blobs.ts';
import type { LayerStore } from '#store/layers.ts';

/** What the image service is made from. */
export interface ImageParts {
  database: Database;
  content: ContentStore;
  layers: LayerStore;
  layerBlobs: LayerBlobs;
  images: ImageStore;
  indexes: ImageIndexes;
  collector: Collector;
  registry: RegistryClient;
  events: EventService;
  log: Log;
  /** Where names without a registry are looked for, in this order; `docker.io` alone is Docker's way. */
  searchRegistries: readonly string[];
  /** What this machine runs. */
  hostPlatform: Platform;
  /** Containers made from an image. */
  usersOfImage: (imageId: string) => { id: string; running: boolean }[];
  /** Layers fetched and unpacked at once by one pull. */
  maxConcurrentLayers: number;
  /** Layers sent at once by one push. */
  maxConcurrentUploads: number;
}
