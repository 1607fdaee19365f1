import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttachSession, ExecSettings } from '#engine/containers.ts';
import { createFakeEngine, settingsOf } from '#engine/testing/fake-engine-parts.ts';
import { DhowError } from '#errors/error.ts';

const all = { stdin: true, stdout: true, stderr: true, stream: true, fromLogs: false };

async function textOf(session: AttachSession): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const packet of session.output) pieces.push(packet.bytes);
  return Buffer.concat(pieces).toString();
}

test('who attaches before the start misses nothing and ends with the process', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ settings: settingsOf({ openStdin: true }) });
  const session = await service.attach(id, all);
  const text = textOf(session);
  await service.start(id);
  engine.runtime.print(id, 'hello ');
  await session.write(Buffer.from('echo'));
  engine.runtime.exit(id, 0);
  assert.equal(await text, 'hello echo');
});

test('who attached to a container whose start fails is let go', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const { id } = await service.create({ settings: settingsOf() });
  const text = textOf(await service.attach(id, all));
  engine.runtime.failNext('create', new DhowError('Internal', 'broken'));
  await assert.rejects(service.start(id), /broken/);
  assert.equal(await text, '');
});

test('input goes only where stdin is open', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run(settingsOf({ openStdin: false }));
  const session = await service.attach(id, all);
  const text = textOf(session);
  await session.write(Buffer.from('lost'));
  engine.runtime.print(id, 'kept');
  engine.runtime.exit(id, 0);
  assert.equal(await text, 'kept');
});

test('a session that closes leaves the others', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  const first = await service.attach(id, all);
  const second = textOf(await service.attach(id, all));
  first.close();
  engine.runtime.print(id, 'still here');
  engine.runtime.exit(id, 0);
  assert.equal(await second, 'still here');
});

function execOf(change: Partial<ExecSettings> = {}): ExecSettings {
  return {
    command: ['true'],
    environment: [],
    workingDirectory: '',
    user: '',
    terminal: false,
    attachStdin: true,
    attachStdout: true,
    attachStderr: true,
    privileged: false,
    detachKeys: '',
    ...change,
  };
}

test('an exec has its own output and its own code', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  const exec = service.execCreate(id, execOf());
  assert.equal(service.execGet(exec).running, false);
  const session = await service.execStart(exec, { detach: false });
  assert.ok(session);
  assert.equal(service.execGet(exec).running, true);
  assert.deepEqual(service.get(id).execIds, [exec]);
  const text = textOf(session);
  engine.runtime.print(exec, 'out');
  engine.runtime.exit(exec, 5);
  assert.equal(await text, 'out');
  assert.equal(service.execGet(exec).exitCode, 5);
  assert.equal(service.get(id).state.status, 'running');
  await assert.rejects(service.execStart(exec, { detach: false }), { kind: 'Conflict' });
});

test('an exec needs a command and a running container', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  assert.throws(() => service.execCreate(id, execOf({ command: [] })), { kind: 'InvalidParameter' });
  await service.pause(id);
  assert.throws(() => service.execCreate(id, execOf()), /paused/);
  await service.unpause(id);
  await service.stop(id, {});
  assert.throws(() => service.execCreate(id, execOf()), { reason: 'not-running' });
  assert.throws(() => service.execGet('nothing'), { kind: 'NotFound' });
});

test('an exec that cannot start has the code that a shell would give', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  const exec = service.execCreate(id, execOf({ command: ['nothing'] }));
  engine.runtime.failNext('exec', new DhowError('NotFound', 'no', { reason: 'executable-not-found' }));
  await assert.rejects(service.execStart(exec, { detach: false }), { reason: 'executable-not-found' });
  assert.equal(service.execGet(exec).exitCode, 127);
});

test('a detached exec returns at once', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  const exec = service.execCreate(id, execOf());
  assert.equal(await service.execStart(exec, { detach: true }), undefined);
  assert.equal(service.execGet(exec).running, true);
  engine.runtime.exit(exec, 0);
  assert.equal(service.execGet(exec).exitCode, 0);
});

test('an exec whose container dies before it still ends with its own code', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const id = await engine.run();
  const exec = service.execCreate(id, execOf());
  const unstarted = service.execCreate(id, execOf());
  const session = await service.execStart(exec, { detach: false });
  assert.ok(session);
  const text = textOf(session);
  await service.kill(id, 'SIGKILL');
  engine.runtime.exit(exec, 137);
  assert.equal(await text, '');
  assert.equal(service.execGet(exec).exitCode, 137);
  assert.throws(() => service.execGet(unstarted), { kind: 'NotFound' });
});
