import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContentRange } from '#registry/blobs/content-range.ts';

test('satisfied byte ranges are read, everything else is nothing', () => {
  const cases: [header: string, range: ReturnType<typeof parseContentRange>][] = [
    ['bytes 0-0/1', { first: 0, last: 0, total: 1 }],
    ['bytes 5-9/10', { first: 5, last: 9, total: 10 }],
    ['Bytes 5-9/*', { first: 5, last: 9, total: undefined }],
    [' bytes 5-9/10 ', { first: 5, last: 9, total: 10 }],
    ['bytes */10', undefined],
    ['bytes 9-5/10', undefined],
    ['bytes 5-10/10', undefined],
    ['bytes 5-9', undefined],
    ['bytes -5/10', undefined],
    ['items 5-9/10', undefined],
    ['bytes 5-9/10, 11-12/13', undefined],
    ['bytes 0-9007199254740992/*', undefined],
    ['bytes 0-99999999999999999/*', undefined],
    ['', undefined],
  ];
  for (const [header, range] of cases) assert.deepEqual(parseContentRange(header), range, header);
});
