import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseByteRate,
  parseOperationRate,
  parseWeightDevice,
} from '#cli/commands/container/values/block-devices.ts';

test('limits of block devices', () => {
  assert.deepEqual(parseWeightDevice('/dev/sda:300'), { Path: '/dev/sda', Weight: 300 });
  assert.deepEqual(parseByteRate('/dev/sda:10mb'), { Path: '/dev/sda', Rate: 10 * 1024 * 1024 });
  assert.deepEqual(parseOperationRate('/dev/sda:100'), { Path: '/dev/sda', Rate: 100 });
});

test('what is none is refused', () => {
  for (const text of ['/dev/sda', '/dev/sda:x', 'sda:300', '/dev/sda:5', '/dev/sda:1001']) {
    assert.throws(() => parseWeightDevice(text), { kind: 'InvalidParameter' }, text);
  }
  for (const text of ['/dev/sda:0', '/dev/sda:-1', '/dev/sda:many', '/tmp/sda:1']) {
    assert.throws(() => parseByteRate(text), { kind: 'InvalidParameter' }, text);
    assert.throws(() => parseOperationRate(text), { kind: 'InvalidParameter' }, text);
  }
});
