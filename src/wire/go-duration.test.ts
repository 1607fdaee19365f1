import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGoDuration, parseGoDuration } from '#wire/go-duration.ts';

test('spans are read as Go reads them', () => {
  const cases: [string, number | undefined][] = [
    ['0', 0],
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['.5s1.ms', 501e6],
    ['-10m', -600e9],
    ['+7µs', 7000],
    ['7μs', 7000],
    ['', undefined],
    ['-', undefined],
    ['5', undefined],
    ['s', undefined],
    ['1s x', undefined],
    ['1 s', undefined],
    ['1d', undefined],
    ['1constructor', undefined],
    [`${'1s'.repeat(60)}`, undefined],
  ];
  for (const [text, nanoseconds] of cases) assert.equal(parseGoDuration(text), nanoseconds, text);
  assert.equal(parseGoDuration('1d1h', { d: 86_400e9 }), 90_000e9);
});

test('spans are written as Go writes them', () => {
  const cases: [bigint, string][] = [
    [0n, '0s'],
    [1_500n, '1.5µs'],
    [20_000_000n, '20ms'],
    [30_000_000_000n, '30s'],
    [90_000_000_000n, '1m30s'],
    [3_600_500_000_000n, '1h0m0.5s'],
    [-1n, '-1ns'],
  ];
  for (const [nanoseconds, words] of cases) assert.equal(formatGoDuration(nanoseconds), words);
});
