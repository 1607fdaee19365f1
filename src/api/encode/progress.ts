import type { PullProgress } from '#engine/images.ts';
import { parseReference } from '#image/reference.ts';
import type { ProgressMessage } from '#wire/progress.ts';

const pulling = 'Pulling fs layer';

/** Turns a pull's progress into Docker's lines. Keeps which layers were announced: each line needs its first one. */
export function createProgressEncoder(): (progress: PullProgress) => ProgressMessage[] {
  const announced = new Set<string>();

  function layer(
    digest: string,
    status: string,
    detail: ProgressMessage['progressDetail'] = {},
  ): ProgressMessage[] {
    const id = shortId(digest);
    const message = { status, progressDetail: detail, id };
    if (announced.has(id)) return [message];
    announced.add(id);
    if (status === 'Already exists') return [message];
    return [{ status: pulling, progressDetail: {}, id }, message];
  }

  return (progress) => {
    switch (progress.phase) {
      case 'resolving':
        return [
          { status: `Pulling from ${parseReference(progress.repository).repository}`, id: progress.tag },
        ];
      case 'queued':
        announced.add(shortId(progress.layer));
        return [{ status: pulling, progressDetail: {}, id: shortId(progress.layer) }];
      case 'waiting':
        return layer(progress.layer, 'Waiting');
      case 'exists':
        return layer(progress.layer, 'Already exists');
      case 'verifying':
        return layer(progress.layer, 'Verifying Checksum');
      case 'downloaded':
        return layer(progress.layer, 'Download complete');
      case 'complete':
        return layer(progress.layer, 'Pull complete');
      case 'downloading':
        return layer(progress.layer, 'Downloading', { current: progress.current, total: progress.total });
      case 'unpacking':
        return layer(progress.layer, 'Extracting', { current: progress.current, total: progress.total });
      case 'digest':
        return [{ status: `Digest: ${progress.digest}` }];
      case 'done':
        return [
          {
            status: progress.upToDate
              ? `Status: Image is up to date for ${progress.reference}`
              : `Status: Downloaded newer image for ${progress.reference}`,
          },
        ];
    }
  };
}

/** `load` has one kind of step. */
export function encodeLoadProgress(progress: PullProgress): ProgressMessage[] {
  if (progress.phase !== 'unpacking') return [];
  const { current, total } = progress;
  return [{ status: 'Loading layer', progressDetail: { current, total }, id: shortId(progress.layer) }];
}

function shortId(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
