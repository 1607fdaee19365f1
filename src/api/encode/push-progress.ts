import type { PushProgress } from '#engine/images.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/** Turns a push's progress into Docker's lines. Byte counts come at most every 100 ms for each layer. */
export function createPushEncoder(
  now: () => number = () => performance.now(),
): (progress: PushProgress) => ProgressMessage[] {
  const intervalMs = 100;
  const last = new Map<string, number>();
  const line = (id: string, status: string): ProgressMessage[] => [{ status, progressDetail: {}, id }];

  return (progress) => {
    switch (progress.phase) {
      case 'repository':
        return [{ status: `The push refers to repository [${progress.repository}]` }];
      case 'preparing':
        return line(progress.layer, 'Preparing');
      case 'exists':
        return line(progress.layer, 'Layer already exists');
      case 'compressing':
        return line(progress.layer, 'Compressing');
      case 'mounted':
        return line(progress.layer, `Mounted from ${progress.from}`);
      case 'pushed':
        return line(progress.layer, 'Pushed');
      case 'pushing': {
        const { layer, current, total } = progress;
        const before = last.get(layer);
        if (before !== undefined && now() - before < intervalMs && current < total) return [];
        last.set(layer, now());
        return [{ status: 'Pushing', progressDetail: { current, total }, id: layer }];
      }
      case 'tag': {
        const { tag, digest, sizeBytes } = progress;
        return [
          { status: `${tag}: digest: ${digest} size: ${sizeBytes}` },
          { aux: { Tag: tag, Digest: digest, Size: sizeBytes } },
        ];
      }
    }
  };
}
