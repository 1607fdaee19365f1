import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeEngine, settingsOf } from '#engine/testing/fake-engine-parts.ts';
import { DhowError } from '#errors/error.ts';

const SIGTERM = 15;
const SIGKILL = 9;

test('a container is created, runs, exits with its code, and starts again', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ name: 'web', settings: settingsOf() });
  assert.equal(service.get('web').state.status, 'created');
  assert.deepEqual(engine.kernel, [], 'create prepares nothing');

  assert.equal(await service.start('web'), 'started');
  assert.equal(await service.start('/web'), 'already-running');
  assert.equal(service.get(id).state.status, 'running');
  assert.deepEqual(engine.kernel, ['mount', 'attach']);

  const waiting = service.wait(id.slice(0, 12), 'not-running', AbortSignal.any([]));
  engine.runtime.exit(id, 7);
  assert.deepEqual(await waiting, { exitCode: 7 });
  const { state } = service.get(id);
  assert.equal(state.status, 'exited');
  assert.equal(state.exitCode, 7);
  assert.deepEqual(engine.kernel, ['mount', 'attach', 'detach', 'unmount']);
  assert.ok(engine.runtime.calls.includes(`delete ${id}`));

  await service.start(id);
  assert.equal(service.get(id).state.status, 'running');
  assert.deepEqual(
    engine.events.filter((event) => event.id === id).map((event) => event.action),
    ['create', 'start', 'die', 'start'],
  );
});

test('a want of memory is told when it happens, and once', async () => {
  await using engine = await createFakeEngine();
  const id = await engine.run();
  engine.runtime.oom(id);
  await engine.happened(id, 'oom');
  assert.equal(engine.containers.service.get(id).state.status, 'running');
  engine.runtime.exit(id, 1);
  await engine.happened(id, 'die');
  const { state } = engine.containers.service.get(id);
  assert.equal(state.status === 'exited' && state.oomKilled, true);
  const told = engine.events.filter((event) => event.id === id && event.action === 'oom');
  assert.equal(told.length, 1);
});

test('stop asks with SIGTERM, and kills when the time is over', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  engine.runtime.ignoreSignals(id, [SIGTERM]);
  assert.equal(await service.stop(id, { timeoutSeconds: 0.01 }), 'stopped');
  const kills = engine.runtime.calls.filter((call) => call.startsWith('kill'));
  assert.deepEqual(kills, [`kill ${id} ${SIGTERM}`, `kill ${id} ${SIGKILL}`]);
  assert.equal(service.get(id).state.exitCode, 137);
  assert.equal(await service.stop(id, {}), 'already-stopped');
});

test('stop obeys the signal of the container and that of the caller', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(settingsOf({ stopSignal: 'SIGINT' }));
  await service.stop(id, {});
  assert.equal(service.get(id).state.exitCode, 130);
  await service.start(id);
  await service.stop(id, { signal: 'QUIT' });
  assert.equal(service.get(id).state.exitCode, 131);
});

test('a signal is refused when nothing runs or when it is none', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  await assert.rejects(service.kill(id, 'NOPE'), { kind: 'InvalidParameter' });
  await service.kill(id, 'SIGKILL');
  await engine.happened(id, 'die');
  await service.wait(id, 'not-running', AbortSignal.any([]));
  await assert.rejects(service.kill(id, 'SIGKILL'), { kind: 'Conflict' });
});

test('a failed start undoes what was done and keeps the error', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ settings: settingsOf() });

  engine.runtime.failNext('create', new DhowError('Internal', 'no such runtime'));
  await assert.rejects(service.start(id), /no such runtime/);
  assert.deepEqual(engine.kernel, ['mount', 'attach', 'detach', 'unmount']);
  assert.equal(service.get(id).state.status, 'created');
  assert.match(service.get(id).state.error, /no such runtime/);

  engine.kernel.length = 0;
  engine.failAttach(new DhowError('Conflict', 'port is taken'));
  await assert.rejects(service.start(id), /port is taken/);
  assert.deepEqual(engine.kernel, ['mount', 'detach', 'unmount']);

  engine.failAttach(undefined);
  engine.runtime.failNext('start', new DhowError('Internal', 'cannot exec'));
  await assert.rejects(service.start(id), /cannot exec/);
  assert.ok(engine.runtime.calls.includes(`delete ${id}`));

  assert.equal(await service.start(id), 'started');
  assert.equal(service.get(id).state.error, '');
});

test('a program that is not there leaves Docker’s exit codes', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  for (const [reason, code] of [
    ['executable-not-found', 127],
    ['executable-not-runnable', 126],
  ] as const) {
    const { id } = await service.create({ settings: settingsOf() });
    engine.runtime.failNext('create', new DhowError('InvalidParameter', 'exec: "x"', { reason }));
    await assert.rejects(service.start(id), { reason });
    assert.equal(service.get(id).state.exitCode, code);
  }
});

test('names are unique, are changed, and become free again', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ name: 'one', settings: settingsOf() });
  const { id: other } = await service.create({ name: 'two', settings: settingsOf() });
  await assert.rejects(service.create({ name: '/one', settings: settingsOf() }), { reason: 'name-in-use' });
  await assert.rejects(service.create({ name: '-', settings: settingsOf() }), { kind: 'InvalidParameter' });
  await assert.rejects(service.rename('one', 'two'), { reason: 'name-in-use' });
  await assert.rejects(service.rename('one', 'one'), { kind: 'InvalidParameter' });
  await service.rename('one', 'three');
  assert.equal(service.get('three').id, id);
  assert.throws(() => service.get('one'), { reason: 'container-not-found' });
  await service.remove('two', { force: false, volumes: false });
  await service.rename('three', 'two');
  assert.equal(service.get('two').id, id);
  assert.throws(() => service.get(other), { kind: 'NotFound' });
});

test('an image that is not there is named', async () => {
  await using engine = await createFakeEngine();
  const creating = engine.containers.service.create({ settings: settingsOf({ image: 'nothing' }) });
  await assert.rejects(creating, { reason: 'image-not-found' });
  assert.deepEqual(engine.containers.service.list(), []);
});

test('many starts of one container at once start it once', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ settings: settingsOf() });
  const results = await Promise.all(Array.from({ length: 8 }, () => service.start(id)));
  assert.deepEqual(results.filter((result) => result === 'started').length, 1);
  assert.equal(engine.runtime.calls.filter((call) => call === `create ${id}`).length, 1);
});

test('a paused container can be looked at, killed and thawed, but not started', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  await service.pause(id);
  assert.equal(service.get(id).state.status, 'paused');
  await assert.rejects(service.pause(id), { kind: 'Conflict' });
  await assert.rejects(service.start(id), { kind: 'Conflict' });
  await service.unpause(id);
  assert.equal(service.get(id).state.status, 'running');
  await assert.rejects(service.unpause(id), { kind: 'Conflict' });
});

test('restart stops and starts, also with --rm and when it did not run', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(settingsOf({ host: { autoRemove: true } }));
  const before = service.get(id).state;
  await service.restart(id, {});
  const after = service.get(id).state;
  assert.equal(after.status, 'running');
  assert.ok('pid' in before && 'pid' in after && before.pid !== after.pid);

  const { id: idle } = await service.create({ settings: settingsOf() });
  await service.restart(idle, {});
  assert.equal(service.get(idle).state.status, 'running');
});

test('an exit is told even when something of the container cannot be taken down, and a removal tries again', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  const waiting = service.wait(id, 'not-running', AbortSignal.any([]));
  engine.runtime.failNext('delete', new DhowError('Unavailable', 'processes do not end'));
  engine.runtime.exit(id, 9);
  assert.deepEqual(await waiting, { exitCode: 9 });
  await service.remove(id, { force: false, volumes: false });
  assert.deepEqual(service.list(), []);
  assert.ok(engine.kernel.includes('unmount'));
});
