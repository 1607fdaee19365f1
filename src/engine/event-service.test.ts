import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEventService } from '#engine/event-service.ts';

function event(id: string) {
  return { type: 'container', action: 'start', id, attributes: {} } as const;
}

test('events › past ones since a time come first, then live ones, until the signal', async () => {
  let now = 1000;
  const events = createEventService(() => new Date(now));
  events.emit(event('old'));
  now = 2000;
  events.emit(event('recent'));
  const abort = new AbortController();
  const seen: string[] = [];
  const reader = (async () => {
    for await (const { id } of events.watch({ since: new Date(1500), signal: abort.signal })) {
      seen.push(id);
      if (id === 'recent') events.emit(event('live'));
      if (id === 'live') abort.abort();
    }
  })();
  await reader;
  assert.deepEqual(seen, ['recent', 'live']);
  assert.equal(events.subscriberCount(), 0);
});

test('events › a time limit in the past ends the watch after the replay', async () => {
  const events = createEventService(() => new Date(5000));
  events.emit(event('a'));
  const seen = [];
  const watching = events.watch({ since: new Date(0), until: new Date(5000), signal: AbortSignal.any([]) });
  for await (const { id } of watching) seen.push(id);
  assert.deepEqual(seen, ['a']);
});

test('events › a subscriber that never reads is cut off and the others go on', async () => {
  const events = createEventService();
  const slow = events.watch({ signal: AbortSignal.any([]) })[Symbol.asyncIterator]();
  const first = slow.next();
  for (let number = 0; number < 10_002; number++) events.emit(event(String(number)));
  assert.equal((await first).value.id, '0');
  await assert.rejects(async () => {
    for (let step = await slow.next(); !step.done; step = await slow.next());
  }, /too slowly/);
});
