import type { FetchProgress, ImageSource } from '#build/executor.ts';
import type { ImageService, PullProgress } from '#engine/images.ts';
import { kindOf } from '#errors/error.ts';
import { matchesPlatform, type Platform } from '#image/platform.ts';
import type { Credentials } from '#registry/registry.ts';
import type { ImageRecord } from '#store/images.ts';

/** Images of FROM: those here if they are for the platform, else from their registry. */
export function createImageSource(
  images: Pick<ImageService, 'find' | 'pull'>,
  credentialsFor: (reference: string) => Credentials | undefined,
): ImageSource {
  return {
    async resolve(reference, { platform, pull, onProgress, signal }) {
      const present = images.find(reference);
      const usable = present !== undefined && fits(present, platform);
      if (usable && (!pull || isId(reference))) return present;
      try {
        return await images.pull(reference, {
          platform,
          credentials: credentialsFor(reference),
          onProgress: (progress) => onProgress(shown(progress)),
          signal,
        });
      } catch (error) {
        signal.throwIfAborted();
        // `--pull` asks for a newer image; where the registry has none, or cannot be asked, the one here is the newest.
        if (usable && kindOf(error) === 'NotFound') return present;
        throw error;
      }
    },
  };
}

function fits({ config }: ImageRecord, platform: Platform): boolean {
  return matchesPlatform(config, platform);
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
