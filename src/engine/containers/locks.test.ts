import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLocks } from '#engine/containers/locks.ts';

test('locks › one holder per name, in the order of asking', async () => {
  const locks = createLocks();
  const order: string[] = [];
  const first = await locks.acquire('a');
  const waiting = ['b', 'c'].map(async (label) => {
    using _lock = await locks.acquire('a');
    order.push(label);
    await Promise.resolve();
    order.push(`${label} done`);
  });
  using _other = await locks.acquire('other');
  assert.deepEqual(order, []);
  first[Symbol.dispose]();
  await Promise.all(waiting);
  assert.deepEqual(order, ['b', 'b done', 'c', 'c done']);
});

test('locks › a holder that throws lets the next one in', async () => {
  const locks = createLocks();
  await assert.rejects(async () => {
    using _lock = await locks.acquire('a');
    throw new Error('boom');
  });
  using _lock = await locks.acquire('a');
});
