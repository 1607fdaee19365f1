import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createFakeEngine, settingsOf } from '#engine/testing/fake-engine-parts.ts';
import { DhowError } from '#errors/error.ts';

const never = AbortSignal.any([]);
const always = settingsOf({ host: { restartPolicy: { name: 'always', maximumRetryCount: 0 } } });

test('a policy starts an exited container again and counts', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(always);
  engine.runtime.exit(id, 1);
  await engine.happened(id, 'die');
  await engine.happened(id, 'start', 2);
  const { state, restartCount } = service.get(id);
  assert.equal(state.status, 'running');
  assert.equal(restartCount, 1);
});

test('on-failure gives up after its retries, and does not restart a success', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const restartPolicy = { name: 'on-failure', maximumRetryCount: 1 } as const;
  const id = await engine.run(settingsOf({ host: { restartPolicy } }));
  engine.runtime.exit(id, 1);
  await engine.happened(id, 'start', 2);
  engine.runtime.exit(id, 2);
  await engine.happened(id, 'die', 2);
  assert.deepEqual(await service.wait(id, 'not-running', never), { exitCode: 2 });
  assert.equal(service.get(id).state.status, 'exited');

  const happy = await engine.run(settingsOf({ host: { restartPolicy } }));
  engine.runtime.exit(happy, 0);
  await engine.happened(happy, 'die');
  assert.deepEqual(await service.wait(happy, 'not-running', never), { exitCode: 0 });
});

test('what a client stopped stays down', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(always);
  await service.stop(id, {});
  assert.equal(service.get(id).state.status, 'exited');
});

test('who needs a container that waits for its restart is told so', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(always);
  const exit = service.wait(id, 'next-exit', never);
  engine.runtime.exit(id, 1);
  await exit;
  const { name } = service.get(id);
  const networks = [{ network: 'bridge' }];
  await assert.rejects(engine.run(settingsOf({ networks, host: { links: [{ target: id, alias: 'db' }] } })), {
    kind: 'Conflict',
    message: new RegExp(`^Cannot link to a restarting container: /${name} AS /.+/db$`),
  });
  const sharing = settingsOf({ host: { networkMode: `container:${id}` } });
  await assert.rejects(engine.run(sharing), {
    kind: 'Conflict',
    message: `Container ${id} is restarting, wait until the container is running`,
  });
  await service.stop(id, {});
  await assert.rejects(engine.run(sharing), {
    kind: 'Conflict',
    message: `cannot join network namespace of a non running container: container ${name} is exited`,
  });
});

test('stop and remove also end a container that waits for its restart', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const stopped = await engine.run(always);
  const removed = await engine.run(always);
  for (const id of [stopped, removed]) {
    const exit = service.wait(id, 'next-exit', never);
    engine.runtime.exit(id, 1);
    await exit;
    assert.equal(service.get(id).state.status, 'restarting');
  }
  await service.stop(stopped, {});
  assert.equal(service.get(stopped).state.status, 'exited');
  await service.remove(removed, { force: true, volumes: false });
  assert.throws(() => service.get(removed), { kind: 'NotFound' });
  assert.equal(engine.runtime.calls.filter((call) => call.startsWith('start')).length, 2);
});

test('--rm and a restart policy exclude each other', async () => {
  await using engine = await createFakeEngine();
  const settings = settingsOf({ host: { ...always.host, autoRemove: true } });
  await assert.rejects(engine.containers.service.create({ settings }), { kind: 'InvalidParameter' });
});

test('a restart shows as such until the process runs, and what fails leaves the container exited', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(always);
  const exit = service.wait(id, 'next-exit', never);
  engine.runtime.failNext('create', new DhowError('Internal', 'no'));
  engine.runtime.exit(id, 1);
  await exit;
  const seen = new Set<string>();
  while (service.get(id).state.error === '') {
    seen.add(service.get(id).state.status);
    await turn();
  }
  assert.deepEqual([...seen], ['restarting']);
  assert.equal(service.get(id).state.status, 'exited');
  assert.equal(service.get(id).restartCount, 1);
});
