import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { collect, createRuntimeFixture } from '#runtime/testing/runtime-fixture.ts';
import { readStartTime } from '#sys/pidfd.ts';

for (const name of ['crun', 'runc']) {
  describe(`containers by ${name}`, () => {
    test('are kept by their monitor while no daemon runs', async () => {
      await using fixture = await createRuntimeFixture(name);
      const running = await fixture.begin([
        'sh',
        '-c',
        'while [ ! -e /tmp/go ]; do sleep 0.01; done; echo late; exit 6',
      ]);
      const exited = await fixture.begin(['true']);
      await fixture.exitOf(exited.id);
      await fixture.reopen();
      assert.equal((await fixture.exitOf(exited.id)).code, 0);
      assert.equal((await fixture.runtime.inspect(running.id)).state, 'running');
      const stdio = await fixture.runtime.attach(running.id);
      fs.writeFileSync(`${fixture.root}/tmp/go`, '');
      assert.equal((await collect(stdio)).stdout.toString(), 'late\n');
      assert.equal((await fixture.exitOf(running.id)).code, 6);
      for (const { id } of [running, exited]) {
        fixture.runtime.acknowledgeExit(id);
        await fixture.runtime.delete(id);
      }
    });

    test('end with 137 when their monitor is killed, and are known as lost', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id, pid, stdio } = await fixture.begin(['sh', '-c', 'sleep 1000 & sleep 1000']);
      const state = await fixture.runtime.inspect(id);
      assert.ok(state.state === 'running');
      process.kill(state.monitorPid, 'SIGKILL');
      await collect(stdio);
      const { code, failure } = await fixture.exitOf(id);
      assert.equal(code, 137);
      assert.match(failure ?? '', /^its monitor \(conmon\) was killed/);
      await assert.rejects(async () => fixture.runtime.kill(id, 9), { reason: 'not-running' });
      await assert.rejects(fixture.runtime.attach(id), { reason: 'not-running' });
      await assert.rejects(fixture.exec(id, ['true']), { reason: 'not-running' });
      await fixture.runtime.delete(id);
      // Its parent is gone, so it may stay a zombie until the system's init looks.
      while (readStartTime(pid) !== undefined) await setTimeout(5);
    });

    test('are known as lost when their monitor was killed while no daemon ran', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id, pid } = await fixture.begin(['sleep', '1000']);
      const state = await fixture.runtime.inspect(id);
      assert.ok(state.state === 'running');
      await fixture.runtime.close();
      process.kill(state.monitorPid, 'SIGKILL');
      while (readStartTime(state.monitorPid) !== undefined) await setTimeout(5);
      await fixture.reopen();
      const told = await fixture.exitOf(id);
      assert.deepEqual(await fixture.runtime.inspect(id), { state: 'exited', exit: told });
      assert.equal(told.code, 137);
      assert.match(told.failure ?? '', /conmon/);
      while (readStartTime(pid) !== undefined) await setTimeout(5);
      await fixture.reopen();
      assert.match((await fixture.exitOf(id)).failure ?? '', /conmon/);
      await fixture.runtime.delete(id);
    });

    test('keep running when the monitor of an exec is killed, which ends the exec', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      const execId = fixture.newId();
      const request = fixture.execRequest(id, execId, ['sleep', '1000'], { attached: false });
      const { pid } = await fixture.runtime.exec(request, AbortSignal.any([]));
      const state = await fixture.runtime.inspect(execId);
      assert.ok(state.state === 'running' && state.pid === pid);
      process.kill(state.monitorPid, 'SIGKILL');
      assert.equal((await fixture.exitOf(execId)).code, 137);
      while (readStartTime(pid) !== undefined) await setTimeout(5);
      assert.equal((await fixture.runtime.inspect(id)).state, 'running');
      fixture.runtime.acknowledgeExit(execId);
      await fixture.runtime.delete(id);
    });

    test('that a killed daemon had begun to create are deleted', async () => {
      await using fixture = await createRuntimeFixture(name);
      const id = fixture.newId();
      const { pid } = await fixture.runtime.create(
        fixture.request(id, ['sleep', '1000']),
        AbortSignal.any([]),
      );
      // As if the daemon had died before it noted the monitor down.
      fs.rmSync(`${fixture.directory}/run/c/${id}/monitor`);
      await fixture.reopen();
      assert.equal((await fixture.runtime.inspect(id)).state, 'created');
      await fixture.runtime.delete(id);
      assert.equal(readStartTime(pid), undefined);
    });

    test('stay in the hands of the runtime that made them, whatever the next daemon uses', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      await fixture.reopen(name === 'crun' ? 'runc' : 'crun');
      assert.equal((await fixture.runtime.inspect(id)).state, 'running');
      assert.equal((await fixture.exec(id, ['echo', 'still'])).stdout.toString(), 'still\n');
      await fixture.runtime.pause(id);
      await fixture.runtime.resume(id);
      await fixture.runtime.update(id, { pidsLimit: 50, deviceCgroupRules: [] });
      const probe = { containerId: id, args: ['echo', 'well'], env: [], user: '', additionalGroups: [] };
      const found = await fixture.runtime.probe({ ...probe, maxOutputBytes: 100 }, AbortSignal.any([]));
      assert.equal(found.output.toString(), 'well\n');
      await fixture.runtime.delete(id);
    });

    test('give the exit of an exec that ended while no daemon ran', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      const execId = fixture.newId();
      const command = 'while [ ! -e /tmp/go ]; do sleep 0.01; done; exit 9';
      await fixture.runtime.exec(
        fixture.execRequest(id, execId, ['sh', '-c', command], { attached: false }),
        AbortSignal.any([]),
      );
      const state = await fixture.runtime.inspect(execId);
      assert.ok(state.state === 'running');
      await fixture.runtime.close();
      fs.writeFileSync(`${fixture.root}/tmp/go`, '');
      while (readStartTime(state.monitorPid) !== undefined) await setTimeout(5);
      await fixture.reopen();
      assert.equal((await fixture.exitOf(execId)).code, 9);
      fixture.runtime.acknowledgeExit(execId);
      await fixture.runtime.delete(id);
    });
  });
}
