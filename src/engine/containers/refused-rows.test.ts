import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createFakeEngine, settingsOf } from '#engine/testing/fake-engine-parts.ts';

test('a container is not paused, thawed, started or removed when that cannot be written down', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const running = await engine.run();
  const paused = await engine.run();
  await service.pause(paused);
  const { id: created } = await service.create({ name: 'created', settings: settingsOf() });
  const calls = engine.runtime.calls.length;
  const accept = engine.refuseRows();

  await assert.rejects(service.pause(running), /full/);
  await assert.rejects(service.unpause(paused), /full/);
  await assert.rejects(service.start(created), /full/);
  await assert.rejects(service.remove(created, { force: false, volumes: false }), /full/);
  const statusOf = (id: string): string => service.get(id).state.status;
  assert.deepEqual([running, paused, created].map(statusOf), ['running', 'paused', 'created']);
  const kernel = engine.runtime.calls.slice(calls).map((call) => call.split(' ').slice(0, 2).join(' '));
  assert.equal(kernel.filter((call) => call === `pause ${running}`).length, 1);
  assert.equal(kernel.filter((call) => call === `resume ${running}`).length, 1);
  assert.equal(kernel.filter((call) => call === `pause ${paused}`).length, 1);
  assert.ok(kernel.includes(`delete ${created}`), 'what was started is taken down');

  accept();
  await service.pause(running);
  await service.start(created);
  assert.deepEqual([running, created].map(statusOf), ['paused', 'running']);
});

test('an exit that cannot be written down is booked when it can', async () => {
  await using engine = await createFakeEngine();
  const id = await engine.run();
  const waiting = engine.containers.service.wait(id, 'not-running', AbortSignal.any([]));
  const accept = engine.refuseRows();
  engine.runtime.exit(id, 7);
  // All of the first attempt but what waits for a timer.
  await setImmediate();
  assert.equal(engine.containers.service.get(id).state.status, 'running');
  accept();
  assert.deepEqual(await waiting, { exitCode: 7 });
});
