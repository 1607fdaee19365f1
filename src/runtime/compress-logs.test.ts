import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { compressLogs } from '#runtime/compress-logs.ts';
import { createLogRotation } from '#runtime/logs/rotate.ts';
import { followLog, logBegin, readLogs } from '#runtime/read-logs.ts';

test('a log whose files are put aside and compressed is read as if nothing had happened', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-compress-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const log = path.join(directory, 'log');
  const append = (text: string) =>
    fs.appendFileSync(log, `2026-01-02T03:04:05.123456789+00:00 stdout F ${text}\n`);
  const rotation = createLogRotation();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const following = followLog(log, logBegin, { ended, signal: AbortSignal.any([]) });
  const followed: string[] = [];
  const follow = async () => {
    const { value } = await following.next();
    if (value) followed.push(Buffer.from(value.entry.bytes).toString().trim());
    return value?.next;
  };

  append('1');
  append('2');
  const afterFirst = await follow();
  assert.ok(afterFirst);
  for (const number of [3, 4, 5]) {
    rotation.rotate('x', log, 3, () => {});
    await compressLogs(log);
    append(String(number));
    await compressLogs(log);
  }
  assert.deepEqual(fs.readdirSync(directory).sort(), ['log', 'log.2.gz', 'log.3.gz']);
  const query = { stdout: true, stderr: true, follow: false };
  const reading = { ended: Promise.resolve(), signal: AbortSignal.any([]) };
  const read = async (tail?: number) => {
    const entries = await Array.fromAsync(
      await readLogs(log, { ...query, ...(tail ? { tail } : {}) }, reading),
    );
    return entries.map(({ bytes }) => Buffer.from(bytes).toString().trim());
  };
  assert.deepEqual(await read(), ['3', '4', '5']);
  assert.deepEqual(await read(2), ['4', '5']);
  end();
  while (await follow());
  assert.deepEqual(followed, ['1', '2', '3', '4', '5'], 'what it had open it read to its end');
  const later = await Array.fromAsync(followLog(log, afterFirst, reading));
  assert.equal(later.length, 3, 'what is gone is left out');
});
