import { parseCacheEntries } from '#build/cache/cache-entries.ts';
import type { CacheTable } from '#build/cache/cache-table.ts';
import type { BaseImage } from '#build/plan/plan.ts';
import type { StepNumbers } from '#build/process/step-numbers.ts';
import type { BuildRequest } from '#build/request.ts';
import { messageOf } from '#errors/error.ts';
import { maxConfigBytes } from '#image/config.ts';
import { formatPlatform, type Platform, platformOfConfig } from '#image/platform.ts';
import type { ContentStore } from '#store/content.ts';
import type { ImageRecord, Lease } from '#store/images.ts';
import type { LayerStore } from '#store/layers.ts';

/** Looks for the images of a build, which it holds until its end, and tells of it as of a step. */
export interface ImageFinder {
  /** @throws what the image source throws */
  base(reference: string, platform: Platform): Promise<BaseImage>;
  /** Takes over what an image knows of the results of steps. One that cannot be had is told and does not matter. */
  importCache(reference: string, platform: Platform): Promise<void>;
}

export function createImageFinder(
  parts: { content: ContentStore; layers: LayerStore; cache: CacheTable },
  { imageSource, pull, onEvent }: BuildRequest,
  lease: Lease,
  numbers: StepNumbers,
  signal: AbortSignal,
): ImageFinder {
  async function find(reference: string, platform: Platform): Promise<ImageRecord> {
    const { id } = numbers.single(`load ${reference} for ${formatPlatform(platform)}`);
    onEvent({ type: 'started', step: id, at: new Date() });
    try {
      const image = await imageSource.resolve(reference, {
        platform,
        pull,
        onProgress: (progress) => onEvent({ type: 'fetching', step: id, progress }),
        signal,
      });
      lease.hold([image.id, ...image.config.rootfs.diff_ids]);
      onEvent({ type: 'done', step: id, at: new Date(), cached: false });
      return image;
    } catch (error) {
      onEvent({ type: 'failed', step: id, at: new Date(), message: messageOf(error) });
      throw error;
    }
  }

  return {
    async base(reference, platform) {
      const { config } = await find(reference, platform);
      return {
        reference,
        platform: config.architecture === '' ? platform : platformOfConfig(config),
        config,
      };
    },
    async importCache(reference, platform) {
      try {
        const { id } = await find(reference, platform);
        const entries = parseCacheEntries(await parts.content.read(id, maxConfigBytes));
        for (const { keys, diffId, createdAt, description } of entries) {
          if (diffId !== undefined && !parts.layers.has(diffId)) continue;
          const sizeBytes = diffId === undefined ? 0 : parts.layers.sizeOf(diffId);
          for (const [index, key] of keys.entries()) {
            parts.cache.record(key, {
              diffId,
              createdAt,
              description,
              sizeBytes: index === 0 ? sizeBytes : 0,
            });
          }
        }
        if (entries.length === 0) onEvent({ type: 'note', text: `${reference} has no build cache` });
      } catch (error) {
        signal.throwIfAborted();
        onEvent({ type: 'note', text: `no cache from ${reference}: ${messageOf(error)}` });
      }
    },
  };
}
