import assert from 'node:assert/strict';
import { it } from 'node:test';
import { maximumAge } from '#compose/pull-policy.ts';

it('knows how old an image may be by its pull policy', () => {
  const hour = 3_600_000;
  assert.equal(maximumAge('daily'), 24 * hour);
  assert.equal(maximumAge('weekly'), 7 * 24 * hour);
  assert.equal(maximumAge('every_1d12h'), 36 * hour);
  assert.equal(maximumAge('missing'), undefined);
});
