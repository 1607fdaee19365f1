import type { BuildService } from '#engine/builds.ts';
import type { ContainerService } from '#engine/containers.ts';
import type { DiskUsage, DiskUsageService } from '#engine/disk-usage.ts';
import type { ImageService } from '#engine/images.ts';
import { kindOf } from '#errors/error.ts';
import { listLogFiles } from '#runtime/log-files.ts';
import type { Database } from '#store/database.ts';
import { imageUsage } from '#store/usage.ts';
import type { VolumeStore } from '#volume/volume.ts';

export interface DiskUsageParts {
  database: Database;
  images: Pick<ImageService, 'list' | 'usersOf'>;
  containers: Pick<ContainerService, 'list' | 'sizeOf'>;
  volumes: Pick<VolumeStore, 'list' | 'sizeOf'>;
  usersOfVolume: (volume: string) => string[];
  builds: Pick<BuildService, 'cache'>;
}

export function createDiskUsageService(parts: DiskUsageParts): DiskUsageService {
  const { database, images, containers, volumes, usersOfVolume, builds } = parts;

  function measureImages(): DiskUsage['images'] {
    const { layersBytes, sharedBytes } = imageUsage(database);
    const items = images.list().map((image) => ({
      image,
      sharedBytes: sharedBytes.get(image.id) ?? 0,
      containers: images.usersOf(image).length,
    }));
    const ownedByBuilds = builds.cache().filter(({ kind, shared }) => kind === 'step' && !shared);
    const builtBytes = ownedByBuilds.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return { layersBytes: Math.max(0, layersBytes - builtBytes), items };
  }

  async function measureContainers(): Promise<DiskUsage['containers']> {
    const rows = containers.list().map((view) =>
      unlessGone(async () => {
        const { writableBytes, rootBytes } = await containers.sizeOf(view.id);
        const logBytes = await sizeOfLogs(view.paths.log);
        return { view, size: { writableBytes: writableBytes + logBytes, rootBytes: rootBytes + logBytes } };
      }),
    );
    return (await Promise.all(rows)).filter((row) => row !== undefined);
  }

  async function measureVolumes(): Promise<DiskUsage['volumes']> {
    const rows = volumes.list().map((volume) =>
      unlessGone(async () => ({
        volume,
        sizeBytes: await volumes.sizeOf(volume.name),
        users: usersOfVolume(volume.name).length,
      })),
    );
    return (await Promise.all(rows)).filter((row) => row !== undefined);
  }

  return {
    sharedBytesOfImages: () => imageUsage(database).sharedBytes,
    async measure(wanted) {
      const [containerRows, volumeRows] = await Promise.all([
        wanted.has('containers') ? measureContainers() : undefined,
        wanted.has('volumes') ? measureVolumes() : undefined,
      ]);
      const imageRows = wanted.has('images') ? measureImages() : undefined;
      return {
        ...(imageRows ? { images: imageRows } : {}),
        ...(containerRows ? { containers: containerRows } : {}),
        ...(volumeRows ? { volumes: volumeRows } : {}),
        ...(wanted.has('buildCache') ? { buildCache: builds.cache() } : {}),
      };
    },
  };
}

/** Undefined when the object was removed while it was measured. */
async function unlessGone<T>(measure: () => Promise<T>): Promise<T | undefined> {
  try {
    return await measure();
  } catch (error) {
    if (kindOf(error) === 'NotFound') return undefined;
    throw error;
  }
}

/** With the files that were put aside. */
async function sizeOfLogs(path: string): Promise<number> {
  const files = await listLogFiles(path);
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
