import type { RegistryClient } from '#registry/registry.ts';
import type { ContentStore } from '#store/content.ts';
import type { Database } from '#store/database.ts';
import type { Collector, ImageStore } from '#store/images.ts';
import type { LayerBlobs } from '#store/layer-blobs.ts';
import type { LayerStore } from '#store/layers.ts';
import type { References } from '#store/references.ts';

export interface CheckParts {
  database: Database;
  content: ContentStore;
  layers: LayerStore;
  layerBlobs: LayerBlobs;
  images: ImageStore;
  references: References;
  collector: Collector;
  registry: RegistryClient;
  /** Containers made from an image. */
  usersOfImage: (imageId: string) => { id: string; running: boolean }[];
}
