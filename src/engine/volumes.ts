import type { VolumeRecord, VolumeRequest, VolumeStore } from '#volume/volume.ts';

export type { VolumeRecord, VolumeRequest } from '#volume/volume.ts';

/** The volumes as the doors see them: what containers refer to is not removed, and changes are announced. */
export interface VolumeService extends Pick<VolumeStore, 'create' | 'get' | 'find' | 'list' | 'clone'> {
  /** Ids of the containers that refer to a volume. */
  usersOf(name: string): string[];
  /** @throws NotFound; Conflict naming the containers when one still refers to it */
  remove(name: string): Promise<void>;
  /** Removes the volumes that nobody uses and that `wanted` picks. @returns with the bytes that they had taken */
  prune(
    wanted: (volume: VolumeRecord) => boolean,
    signal: AbortSignal,
  ): Promise<{ removed: string[]; freedBytes: number }>;
  /** Containers that refer to it refer to it by its new name, also those that run. @throws as `VolumeStore.rename` does */
  rename(name: string, newName: string): Promise<void>;
  /** Names of the running containers that may write to the volume. */
  writersOf(name: string): string[];
  /** The content as a tar. @throws NotFound */
  export(name: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Fills a volume from a tar, and makes it if need be. A failure leaves it as it was. @throws as `VolumeStore.unpack` does */
  import(
    request: VolumeRequest,
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<VolumeRecord>;
}
