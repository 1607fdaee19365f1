import type { ContainerService } from '#engine/containers.ts';
import type { Engine } from '#engine/engine.ts';
import type { ImageService } from '#engine/images.ts';

/**
 * Values that the engine hands on from the rooms below it. The door knows them by the services that it is given, not by the
 * rooms that make them.
 */
export type ImageRecord = ReturnType<ImageService['get']>;
export type VolumeRecord = ReturnType<Engine['volumes']['get']>;
export type Credentials = NonNullable<Parameters<ImageService['pull']>[1]['credentials']>;
export type LogEntry =
  Awaited<ReturnType<ContainerService['logs']>> extends AsyncIterable<infer Entry> ? Entry : never;
