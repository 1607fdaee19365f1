import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { libc } from '#sys/libc.ts';
import { returnFreeMemory, trimFreeMemory } from '#sys/memory.ts';
import { waitFor } from '../../test/support/wait-for.ts';

test('returnFreeMemory › collects what nobody holds any more', async () => {
  let large: Uint8Array[] | undefined = Array.from({ length: 8 }, () => new Uint8Array(64));
  const held = new WeakRef(large);
  large = undefined;
  returnFreeMemory();
  assert.ok(await waitFor('the collection', () => held.deref() === undefined));
});

test('trimFreeMemory › gives back what lies free between what is in use', async ({ mock }) => {
  const malloc = libc.func('void *malloc(size_t size)');
  const free = libc.func('void free(void *block)');
  const memset = libc.func('void *memset(void *block, int byte, size_t size)');
  // Too small for a mapping of their own; the last one keeps the heap from being cut off behind the free ones.
  const blocks = Array.from({ length: 2_000 }, () => memset(malloc(60_000), 1, 60_000) as unknown);
  const last = blocks.pop();
  for (const block of blocks) free(block);
  const full = anonymousKilobytes();
  mock.timers.enable({ apis: ['setTimeout'] });
  trimFreeMemory();
  mock.timers.tick(10_000);
  mock.timers.reset();
  await waitFor('the memory', () => anonymousKilobytes() < full - 100_000);
  free(last);
});

function anonymousKilobytes(): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
