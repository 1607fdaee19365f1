import type { FetchProgress, ImageSource } from '#build/executor.ts';
import type { ImageService, PullProgress } from '#engine/images.ts';
import { kindOf } from '#errors/error.ts';
import { matchesPlatform, type Platform } from '#image/platform.ts';
import type { Credentials } from '#registry/registry.ts';
import type { ImageIndexes } from '#store/image-indexes.ts';
import type { ImageRecord } from '#store/images.ts';

export interface ImageSourceParts {
  images: Pick<ImageService, 'find' | 'pull'>;
  indexes: Pick<ImageIndexes, 'find'>;
  hostPlatform: Platform;
}

/**
 * Images of FROM: those here if they are for the platform, else from their registry. One that is not for this host does not take the
 * name from one that is.
 */
export function createImageSource(
  { images, indexes, hostPlatform }: ImageSourceParts,
  credentialsFor: (reference: string) => Promise<Credentials | undefined>,
): ImageSource {
  function findHere(reference: string, platform: Platform): ImageRecord | undefined {
    const named = images.find(reference);
    const beside = named?.tags.flatMap((tag) => indexes.find(tag)?.images ?? []) ?? [];
    const candidates = named === undefined ? [] : [named, ...beside.flatMap((id) => images.find(id) ?? [])];
    return candidates.find(({ config }) => matchesPlatform(config, platform));
  }

  return {
    async resolve(reference, { platform, pull, onProgress, signal }) {
      const present = findHere(reference, platform);
      if (present !== undefined && (!pull || isId(reference))) return present;
      try {
        return await images.pull(reference, {
          platform,
          beside: !matchesPlatform(platform, hostPlatform),
          credentials: await credentialsFor(reference),
          onProgress: (progress) => onProgress(shown(progress)),
          signal,
        });
      } catch (error) {
        signal.throwIfAborted();
        // `--pull` asks for a newer image; where the registry has none, or cannot be asked, the one here is the newest.
        if (present !== undefined && kindOf(error) === 'NotFound') return present;
        throw error;
      }
    },
  };
}

function isId(reference: string): boolean {
  return /^(?:sha256:)?[0-9a-f]{64}$/.test(reference);
}

function shown(progress: PullProgress): FetchProgress {
  switch (progress.phase) {
    case 'downloading':
    case 'unpacking': {
      const { phase, layer, current, total } = progress;
      return { layer, status: phase, current, total };
    }
    case 'resolving':
      return { status: `resolving ${progress.repository}:${progress.tag}` };
    case 'digest':
      return { status: `digest ${progress.digest}` };
    case 'done':
      return { status: progress.upToDate ? 'is up to date' : 'was fetched' };
    default:
      return { layer: progress.layer, status: progress.phase };
  }
}
