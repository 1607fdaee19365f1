import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatRanges,
  overflowId,
  readIdMapping,
  rootOutside,
  sameMapping,
  toInside,
  toOutside,
} from '#sys/id-mapping.ts';

const ranges = [
  { inside: 0, outside: 100_000, count: 1000 },
  { inside: 1000, outside: 500_000, count: 10 },
];

test('ids are found in every range, at both of its ends', () => {
  for (const [inside, outside] of [
    [0, 100_000],
    [999, 100_999],
    [1000, 500_000],
    [1009, 500_009],
  ] as const) {
    assert.equal(toOutside(ranges, inside), outside);
    assert.equal(toInside(ranges, outside), inside);
  }
  assert.deepEqual(rootOutside({ uids: ranges, gids: ranges.slice(0, 1) }), { uid: 100_000, gid: 100_000 });
});

test('what has no counterpart is nobody inside, and nothing outside', () => {
  for (const id of [1010, 65_534]) assert.equal(toOutside(ranges, id), undefined);
  for (const id of [0, 99_999, 101_000, 500_010]) assert.equal(toInside(ranges, id), overflowId);
});

test('ranges are written as the kernel takes them', () => {
  assert.equal(formatRanges(ranges), '0 100000 1000\n1000 500000 10\n');
});

test('a process of the same namespace has no mapping', () => {
  assert.equal(readIdMapping(process.pid), undefined);
  assert.throws(() => readIdMapping(2 ** 30), { code: 'ENOENT' });
});

test('mappings are the same when all their ranges are', () => {
  const mapping = { uids: ranges, gids: ranges };
  assert.equal(sameMapping(mapping, structuredClone(mapping)), true);
  assert.equal(sameMapping(mapping, { uids: ranges, gids: [] }), false);
  assert.equal(sameMapping(mapping, undefined), false);
  assert.equal(sameMapping(undefined, undefined), true);
});
