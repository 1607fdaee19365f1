import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRegistryErrors, retryAfterMs } from '#registry/failures/response.ts';

test('error bodies of registries and token servers are read', () => {
  const cases: [text: string, errors: ReturnType<typeof parseRegistryErrors>][] = [
    ['{"errors":[{"code":"DENIED","message":"no","detail":[{}]}]}', [{ code: 'DENIED', message: 'no' }]],
    ['{"errors":[{"code":"DENIED"}]}', [{ code: 'DENIED', message: 'no message' }]],
    [
      '{"details":"incorrect username or password"}',
      [{ code: 'unknown', message: 'incorrect username or password' }],
    ],
    ['{"error":"invalid_grant","error_description":"x"}', [{ code: 'invalid_grant', message: 'x' }]],
    [
      '{"errors":[{"code":"A","message":"b\\u0000\\u001b[31mc\\u202e"}]}',
      [{ code: 'A', message: 'b [31mc' }],
    ],
    ['{"errors":[1,null,"x",[]]}', []],
    ['{"errors":{}}', []],
    ['null', []],
    ['[]', []],
    ['<html>', []],
    ['', []],
  ];
  for (const [text, errors] of cases) assert.deepEqual(parseRegistryErrors(text), errors, text);
  const many = JSON.stringify({ errors: Array(1000).fill({ code: 'A', message: 'x'.repeat(1000) }) });
  const read = parseRegistryErrors(many);
  assert.equal(read.length, 10);
  assert.equal(read[0]?.message.length, 300);
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const cases: [string | undefined, number | undefined][] = [
    [undefined, undefined],
    ['0', 0],
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-1x', undefined],
  ];
  for (const [header, milliseconds] of cases)
    assert.equal(retryAfterMs(header, now), milliseconds, String(header));
});
