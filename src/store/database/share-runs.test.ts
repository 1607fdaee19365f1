import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareRuns } from '#store/database/share-runs.ts';

/** Work whose runs end when they are told to. */
function controlledWork() {
  const runs: PromiseWithResolvers<void>[] = [];
  const work = () => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  };
  return { runs, shared: shareRuns(work) };
}

test('callers that come while one runs share the next, which begins after it', async () => {
  const { runs, shared } = controlledWork();
  const first = shared.next();
  const [second, third] = [shared.next(), shared.next()];
  assert.equal(runs.length, 1);
  runs[0]?.resolve();
  await first;
  while (runs.length < 2) await Promise.resolve();
  runs[1]?.resolve();
  await Promise.all([second, third, shared.settled()]);
  assert.deepEqual([runs.length, shared.current()], [2, undefined]);
});

test('a run that fails fails its own callers, and the next one runs', async () => {
  const { runs, shared } = controlledWork();
  const [first, second] = [shared.next(), shared.next()];
  runs[0]?.reject(new Error('disk'));
  await assert.rejects(first, /disk/);
  while (runs.length < 2) await Promise.resolve();
  runs[1]?.resolve();
  await second;
  await shared.settled();
});
