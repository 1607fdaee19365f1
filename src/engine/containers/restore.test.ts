import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeEngine, settingsOf } from '#engine/testing/fake-engine-parts.ts';

const never = AbortSignal.any([]);

test('a new daemon finds running containers running and books what ended meanwhile', async () => {
  await using engine = await createFakeEngine();
  const running = await engine.run(settingsOf(), 'running');
  const ended = await engine.run(settingsOf(), 'ended');
  const fleeting = await engine.run(settingsOf({ host: { autoRemove: true } }), 'fleeting');
  engine.crash();
  engine.runtime.exit(ended, 42);
  engine.runtime.exit(fleeting, 0);

  const { service } = await engine.restart();
  assert.equal(service.get('running').state.status, 'running');
  assert.equal(service.get('ended').state.status, 'exited');
  assert.equal(service.get('ended').state.exitCode, 42);
  assert.throws(() => service.get('fleeting'), { reason: 'container-not-found' });

  const waiting = service.wait(running, 'not-running', never);
  await service.stop(running, {});
  assert.deepEqual(await waiting, { exitCode: 143 });
});

for (const status of ['running', 'paused'] as const) {
  test(`a container that the last daemon left half way from ${status} is so again`, async () => {
    await using engine = await createFakeEngine();
    const id = await engine.run();
    if (status === 'paused') await engine.containers.service.pause(id);
    engine.crash();
    await (status === 'paused' ? engine.runtime.resume(id) : engine.runtime.pause(id));
    const { service } = await engine.restart();
    assert.equal(service.get(id).state.status, status);
    assert.equal((await engine.runtime.inspect(id)).state, status);
  });
}

test('a process that vanished without a trace is booked as 255', async () => {
  await using engine = await createFakeEngine();
  const id = await engine.run();
  engine.crash();
  engine.runtime.lose(id);
  const { service } = await engine.restart();
  assert.equal(service.get(id).state.status, 'exited');
  assert.equal(service.get(id).state.exitCode, 255);
  assert.ok(engine.kernel.includes('unmount'));
});

test('an exit that the last daemon had only begun to book keeps its code', async () => {
  await using engine = await createFakeEngine();
  const id = await engine.run();
  // The runtime's record of the exit is gone when the daemon dies.
  const stalled = engine.runtime.stallDelete();
  engine.runtime.exit(id, 42);
  await stalled;
  engine.crash();
  const { service } = await engine.restart();
  assert.equal(service.get(id).state.status, 'exited');
  assert.equal(service.get(id).state.exitCode, 42);
  assert.ok(engine.kernel.includes('unmount'));
});

test('a restart that the last daemon owed happens', async () => {
  await using engine = await createFakeEngine();
  const restartPolicy = { name: 'on-failure', maximumRetryCount: 2 } as const;
  const id = await engine.run(settingsOf({ host: { restartPolicy } }));
  const exit = engine.containers.service.wait(id, 'next-exit', never);
  engine.runtime.exit(id, 1);
  await exit;
  await engine.containers.close();
  const { service } = await engine.restart();
  assert.equal(service.get(id).state.status, 'restarting');
  await engine.happened(id, 'start', 2);
  assert.equal(service.get(id).restartCount, 1);
});

test('policies start again what the last daemon left down, except what a client stopped', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const of = (name: 'always' | 'unless-stopped' | 'no') =>
    settingsOf({ host: { restartPolicy: { name, maximumRetryCount: 0 } } });
  const always = await engine.run(of('always'));
  const unlessStopped = await engine.run(of('unless-stopped'));
  const survivor = await engine.run(of('unless-stopped'));
  const no = await engine.run(of('no'));
  await service.stop(always, {});
  await service.stop(unlessStopped, {});
  engine.crash();
  engine.runtime.exit(no, 1);
  engine.runtime.exit(survivor, 1);

  const { service: next } = await engine.restart();
  await engine.happened(survivor, 'start', 2);
  await engine.happened(always, 'start', 2);
  assert.equal(next.get(always).state.status, 'running');
  assert.equal(next.get(unlessStopped).state.status, 'exited');
  assert.equal(next.get(no).state.status, 'exited');
});

test('names, settings and counts are those that were promised', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({
    name: 'first',
    settings: settingsOf({ labels: { tier: 'web' }, environment: ['A=1'] }),
  });
  await service.rename(id, 'second');
  const before = service.get(id);
  engine.crash();
  const next = await engine.restart();
  assert.deepEqual(next.service.get('second'), before);
  assert.deepEqual(next.count(), { running: 0, paused: 0, stopped: 1 });
  assert.deepEqual(next.usersOfImage(before.imageId), [{ id, running: false }]);
});
