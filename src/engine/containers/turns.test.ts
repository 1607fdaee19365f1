import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from '#engine/containers/turns.ts';

test('turns › one for each who asks, and others get in between', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const taking = ['a', 'b', 'c'].map(async (label) => {
    await turns.take();
    order.push(label);
    setImmediate(() => order.push(`after ${label}`));
  });
  await Promise.all(taking);
  await new Promise(setImmediate);
  assert.deepEqual(order, ['a', 'b', 'after a', 'c', 'after b', 'after c']);
});

test('turns › one who is alone does not wait', async () => {
  const turns = createTurns();
  for (let count = 0; count < 2; count++) {
    let others = 0;
    setImmediate(() => others++);
    await turns.take();
    assert.equal(others, 0);
    await new Promise(setImmediate);
  }
});
