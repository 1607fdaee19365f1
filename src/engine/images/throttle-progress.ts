import type { PullProgress } from '#engine/images.ts';

const INTERVAL_MS = 100;

/**
 * Lets the steps of a layer's byte counts through at most every 100 ms and every change of phase at once: clients draw bars, and each step
 * costs a line on the wire.
 */
export function throttleProgress(
  onProgress: (progress: PullProgress) => void,
  now: () => number = () => performance.now(),
): (progress: PullProgress) => void {
  const last = new Map<string, { phase: string; at: number }>();
  return (progress) => {
    if (progress.phase === 'downloading' || progress.phase === 'unpacking') {
      const before = last.get(progress.layer);
      const at = now();
      if (before?.phase === progress.phase && at - before.at < INTERVAL_MS) return;
      last.set(progress.layer, { phase: progress.phase, at });
    }
    onProgress(progress);
  };
}
