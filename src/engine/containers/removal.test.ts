import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeEngine, settingsOf } from '#engine/testing/fake-engine-parts.ts';
import { DhowError } from '#errors/error.ts';

const never = AbortSignal.any([]);

test('a running container is removed by force only', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  await assert.rejects(service.remove(id, { force: false, volumes: false }), { kind: 'Conflict' });
  assert.equal(service.get(id).state.status, 'running');

  const removed = service.wait(id, 'removed', never);
  await service.remove(id, { force: true, volumes: false });
  assert.equal((await removed).exitCode, 137);
  assert.deepEqual(service.list(), []);
  assert.deepEqual(engine.kernel.slice(0, 4), ['mount', 'attach', 'detach', 'unmount']);
  await assert.rejects(service.remove(id, { force: true, volumes: false }), {
    reason: 'container-not-found',
  });
});

test('--rm removes after the exit, and tells the code to both kinds of waiters', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(settingsOf({ host: { autoRemove: true } }));
  const exited = service.wait(id, 'next-exit', never);
  const removed = service.wait(id, 'removed', never);
  engine.runtime.exit(id, 3);
  assert.deepEqual(await exited, { exitCode: 3 });
  assert.deepEqual(await removed, { exitCode: 3 });
  assert.deepEqual(service.list(), []);
});

test('--rm also removes a container whose start failed', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ settings: settingsOf({ host: { autoRemove: true } }) });
  const removed = service.wait(id, 'removed', never);
  engine.runtime.failNext(
    'create',
    new DhowError('NotFound', 'no program', { reason: 'executable-not-found' }),
  );
  await assert.rejects(service.start(id), { reason: 'executable-not-found' });
  assert.equal((await removed).exitCode, 127);
  assert.deepEqual(service.list(), []);
});

test('anonymous volumes go with --volumes, named ones stay', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const settings = settingsOf({
    volumePaths: ['/anonymous'],
    host: {
      mounts: [{ type: 'volume', name: 'data', target: '/data', readonly: false, copyUp: false }],
    },
  });
  const { id } = await service.create({ settings });
  const names = service.get(id).mounts.map((mount) => mount.name ?? '');
  assert.equal(names.length, 2);
  for (const name of names) assert.deepEqual(engine.containers.usersOfVolume(name), [id]);

  await service.remove(id, { force: false, volumes: true });
  const actions = engine.events.filter((event) => event.type === 'volume').map((event) => event.action);
  assert.deepEqual(actions, ['create', 'create']);
  const { id: next } = await service.create({ settings });
  const kept = service.get(next).mounts.map((mount) => mount.name ?? '');
  assert.equal(kept.filter((name) => names.includes(name)).join(), 'data');
});

test('a removal that was broken off is finished by the next daemon, with its volumes', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ settings: settingsOf({ volumePaths: ['/anonymous'] }) });
  assert.equal(engine.volumes().length, 1);
  engine.failVolumeRemoval(new DhowError('Internal', 'killed here'));
  await assert.rejects(service.remove(id, { force: false, volumes: true }), /killed here/);
  engine.crash();
  const next = await engine.restart();
  assert.deepEqual(next.service.list(), []);
  assert.deepEqual(engine.volumes(), []);
});

test('a create whose second volume cannot be made takes the first one back', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const mounts = ['first', '?'].map((name) => ({
    type: 'volume' as const,
    name,
    target: `/${name}`,
    readonly: false,
    copyUp: false,
  }));
  await assert.rejects(service.create({ settings: settingsOf({ host: { mounts } }) }), /invalid characters/);
  assert.deepEqual(service.list(), []);
  assert.deepEqual(engine.volumes(), []);
});

test('a create that is refused makes no volume', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  await service.create({ name: 'taken', settings: settingsOf() });
  const settings = settingsOf({ volumePaths: ['/anonymous'] });
  await assert.rejects(service.create({ name: 'taken', settings }), { reason: 'name-in-use' });
  const created = engine.events.filter((event) => event.type === 'volume' && event.action === 'create');
  assert.deepEqual(created, []);
  assert.deepEqual(engine.volumes(), []);
});

test('prune takes what does not run, and nothing else', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const running = await engine.run();
  const { id: created } = await service.create({ settings: settingsOf() });
  const exited = await engine.run();
  engine.runtime.exit(exited, 0);
  await engine.happened(exited, 'die');
  const { removed } = await service.prune();
  assert.deepEqual(removed.toSorted(), [created, exited].toSorted());
  assert.deepEqual(
    service.list().map((container) => container.id),
    [running],
  );
});
