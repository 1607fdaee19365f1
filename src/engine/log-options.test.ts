import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLogLimits, readLogLimits } from '#engine/log-options.ts';

test('logs have limits unless somebody lifts them', () => {
  assert.deepEqual(readLogLimits({}), defaultLogLimits);
  assert.deepEqual(readLogLimits({ 'max-size': '10m', 'max-file': '3' }), { maxBytes: 10_000_000, keep: 3 });
  assert.deepEqual(readLogLimits({ 'max-size': '1.5kB' }).maxBytes, 1500);
  assert.deepEqual(
    readLogLimits({ 'max-size': '-1', compress: 'false', mode: 'blocking' }).maxBytes,
    undefined,
  );
});

test('what is wrong or not there is named', () => {
  for (const options of [
    { 'max-size': 'big' },
    { 'max-size': '' },
    { 'max-file': '0' },
    { 'max-file': 'x' },
  ]) {
    assert.throws(() => readLogLimits(options), { kind: 'InvalidParameter' });
  }
  for (const options of [{ compress: 'true' }, { tag: 'x' }]) {
    assert.throws(() => readLogLimits(options), { kind: 'Unsupported' });
  }
});
