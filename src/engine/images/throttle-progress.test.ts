import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttleProgress } from '#engine/images/throttle-progress.ts';
import type { PullProgress } from '#engine/images.ts';

test('pull progress › byte counts of one layer come at most every 100 ms, changes of phase at once', () => {
  const seen: string[] = [];
  let now = 0;
  const report = throttleProgress(
    (progress: PullProgress) =>
      seen.push(
        'current' in progress ? `${progress.layer} ${progress.phase} ${progress.current}` : progress.phase,
      ),
    () => now,
  );
  for (const [at, layer, current] of [
    [0, 'a', 1],
    [50, 'a', 2],
    [50, 'b', 1],
    [100, 'a', 3],
  ] as const) {
    now = at;
    report({ phase: 'downloading', layer, current, total: 9 });
  }
  report({ phase: 'unpacking', layer: 'a', current: 4, total: 9 });
  report({ phase: 'complete', layer: 'a' });
  assert.deepEqual(seen, [
    'a downloading 1',
    'b downloading 1',
    'a downloading 3',
    'a unpacking 4',
    'complete',
  ]);
});
