import type { FetchProgress, ImageSource } from '#build/executor.ts';
import type { ImageService, PullProgress } from '#engine/images.ts';
import { kindOf } from '#errors/error.ts';
import { matchesPlatform, type Platform } from '#image/platform.ts';
import type { Credentials } from '#registry/registry.ts';

export interface ImageSourceParts {
  images: Pick<ImageService, 'find' | 'pull'>;
  hostPlatform: Platform;
}

/**
 * Images of FROM: those here if they are for the platform, else from their registry. One that is not for this host does not take the
 * name from one that is.
 */
export function createImageSource(
  { images, hostPlatform }: ImageSourceParts,
  credentialsFor: (reference: string) => Promise<Credentials | undefined>,
): ImageSource {
  return {
    async resolve(reference, { platform, pull, onProgress, signal }) {
      const named = images.find(reference, platform);
      const present = named && matchesPlatform(named.config, platform) ? named : undefined;
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
