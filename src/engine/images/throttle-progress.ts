import type { PullProgress } from '#engine/images.ts';

const INTERVAL_MS = 100;

type ByteCount = Extract<PullProgress, { phase: 'downloading' | 'unpacking' }>;

/** To be disposed of when the work is over: nothing is reported afterwards. */
export interface ThrottledProgress extends Disposable {
  report(progress: PullProgress): void;
}

/**
 * Lets the steps of a layer's byte counts through at most every 100 ms and every change of phase at once: clients draw bars, and
 * each step costs a line on the wire. The last count before a stall comes through as well, when its time has come.
 */
export function throttleProgress(
  onProgress: (progress: PullProgress) => void,
  now: () => number = () => performance.now(),
): ThrottledProgress {
  const layers = new Map<string, { phase: string; at: number; late?: NodeJS.Timeout }>();

  function tell(progress: ByteCount): void {
    layers.set(progress.layer, { phase: progress.phase, at: now() });
    onProgress(progress);
  }

  function reportCount(progress: ByteCount): void {
    const before = layers.get(progress.layer);
    const wait = before?.phase === progress.phase ? before.at + INTERVAL_MS - now() : 0;
    if (before === undefined || wait <= 0) tell(progress);
    else before.late = setTimeout(() => tell(progress), wait);
  }

  function report(progress: PullProgress): void {
    if ('layer' in progress) clearTimeout(layers.get(progress.layer)?.late);
    if (progress.phase === 'downloading' || progress.phase === 'unpacking') reportCount(progress);
    else onProgress(progress);
  }

  return {
    report,
    [Symbol.dispose]() {
      for (const { late } of layers.values()) clearTimeout(late);
    },
  };
}
