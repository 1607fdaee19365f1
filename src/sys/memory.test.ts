import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnFreeMemory } from '#sys/memory.ts';
import { waitFor } from '../../test/support/wait-for.ts';

test('returnFreeMemory › collects what nobody holds any more', async () => {
  let large: Uint8Array[] | undefined = Array.from({ length: 8 }, () => new Uint8Array(64));
  const held = new WeakRef(large);
  large = undefined;
  returnFreeMemory();
  assert.ok(await waitFor('the collection', () => held.deref() === undefined));
});
