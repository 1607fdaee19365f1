import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairedRatio, summarize } from './statistics.ts';

test('min, median and the nearest rank of 95 %', () => {
  assert.deepEqual(summarize([3, 1, 2]), { min: 1, median: 2, p95: 3 });
  assert.deepEqual(summarize([4, 1, 2, 3]), { min: 1, median: 2.5, p95: 4 });
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(summarize(hundred).p95, 95);
});

test('a ratio is taken round by round, so a slow round does not count twice', () => {
  assert.equal(pairedRatio([1, 10, 2], [2, 20, 4]), 0.5);
  assert.equal(pairedRatio([1, 50, 1], [2, 2, 2]), 0.5);
});
