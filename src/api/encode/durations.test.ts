import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from '#api/encode/container-state.ts';
import { logTimestamp } from '#api/encode/timestamps.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test('the status of a container', () => {
  const now = new Date(10 * day);
  const earlier = new Date(now.getTime() - 3 * minute);
  const run = { pid: 1, startedAt: earlier, error: '', exitCode: 2 };
  const ended = { startedAt: earlier, finishedAt: earlier, exitCode: 2, error: '', oomKilled: false };
  assert.equal(statusText({ status: 'created', error: '', exitCode: 0 }, now), 'Created');
  assert.equal(statusText({ status: 'running', ...run }, now), 'Up 3 minutes');
  assert.equal(statusText({ status: 'paused', ...run }, now), 'Up 3 minutes (Paused)');
  assert.equal(statusText({ status: 'restarting', ...run }, now), 'Restarting (2) 3 minutes ago');
  assert.equal(statusText({ status: 'exited', ...ended }, now), 'Exited (2) 3 minutes ago');
  assert.equal(statusText({ status: 'dead', ...ended }, now), 'Dead');
});

test('timestamps of logs are UTC with nine digits', () => {
  const cases: [string, string][] = [
    ['2026-01-02T03:04:05.000000006+00:00', '2026-01-02T03:04:05.000000006Z'],
    ['2026-01-02T03:04:05.5Z', '2026-01-02T03:04:05.500000000Z'],
    ['2026-01-02T03:04:05.000000006+02:00', '2026-01-02T01:04:05.000000006Z'],
    ['odd', 'odd'],
  ];
  for (const [text, expected] of cases) assert.equal(logTimestamp(text), expected);
});
