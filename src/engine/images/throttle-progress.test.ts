import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttleProgress } from '#engine/images/throttle-progress.ts';
import type { PullProgress } from '#engine/images.ts';

function format(progress: PullProgress): string {
  return 'current' in progress
    ? `${progress.layer} ${progress.phase} ${progress.current}`
    : `${'layer' in progress ? progress.layer : ''} ${progress.phase}`;
}

test('pull progress › byte counts of one layer come at most every 100 ms, changes of phase at once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const seen: string[] = [];
  let now = 0;
  const advance = (milliseconds: number): void => {
    now += milliseconds;
    t.mock.timers.tick(milliseconds);
  };
  const throttled = throttleProgress(
    (progress) => seen.push(format(progress)),
    () => now,
  );
  const count = (phase: 'downloading' | 'unpacking', layer: string, current: number): void =>
    throttled.report({ phase, layer, current, total: 9 });

  count('downloading', 'a', 1);
  count('downloading', 'a', 2);
  count('downloading', 'b', 1);
  count('downloading', 'a', 3);
  assert.deepEqual(seen.splice(0), ['a downloading 1', 'b downloading 1']);
  advance(100);
  assert.deepEqual(seen.splice(0), ['a downloading 3'], 'the last count of a download that has stalled');
  advance(1000);
  assert.deepEqual(seen.splice(0), []);

  count('downloading', 'a', 4);
  count('downloading', 'a', 5);
  count('unpacking', 'a', 1);
  throttled.report({ phase: 'complete', layer: 'a' });
  advance(1000);
  assert.deepEqual(seen.splice(0), ['a downloading 4', 'a unpacking 1', 'a complete']);

  count('downloading', 'b', 2);
  count('downloading', 'b', 3);
  throttled[Symbol.dispose]();
  advance(1000);
  assert.deepEqual(seen, ['b downloading 2'], 'nothing comes after the end');
});
