import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { humanBinarySize, humanSize } from '#cli/output/size.ts';
import { formatRfc3339, parseTimestamp } from '#cli/output/time.ts';
import { displayWidth, ellipsis, shortId } from '#cli/output/width.ts';

suite('units', () => {
  const sizes: [number, number, string][] = [
    [0, 4, '0B'],
    [999, 4, '999B'],
    [1000, 4, '1kB'],
    [1024, 4, '1.024kB'],
    [100_250, 4, '100.2kB'],
    [999_999, 4, '1000kB'],
    [4_261_234, 3, '4.26MB'],
    [7_340_000_000, 3, '7.34GB'],
    [3.42e15, 4, '3.42PB'],
  ];
  for (const [bytes, digits, words] of sizes) {
    test(`${bytes} bytes are ${words}`, () => assert.equal(humanSize(bytes, digits), words));
  }
  test('binary sizes', () => assert.equal(humanBinarySize(16_663_748_608), '15.52GiB'));

  const cuts: [string, number, string][] = [
    ['short', 20, 'short'],
    ['exactly-ten', 11, 'exactly-ten'],
    ['exactly-ten', 10, 'exactly-t…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['é́x', 2, 'é́x'],
    ['abc', 1, 'a'],
    ['abc', 0, ''],
  ];
  for (const [text, columns, cut] of cuts) {
    test(`${text} in ${columns} columns is ${cut}`, () => {
      assert.equal(ellipsis(text, columns), cut);
      assert.ok(displayWidth(cut) <= columns);
    });
  }

  test('an id loses its algorithm', () => assert.equal(shortId(`sha256:${'a'.repeat(64)}`), 'aaaaaaaaaaaa'));

  test('a timestamp keeps the digits that a Date has no room for', () => {
    process.env['TZ'] = 'UTC';
    const time = parseTimestamp('2024-05-06T07:08:09.123456789+02:00');
    assert.ok(time);
    assert.equal(formatRfc3339(time.milliseconds, time.fraction), '2024-05-06T05:08:09.123456789Z');
  });
});
