import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createRunDirectories } from '#runtime/conmon/directories.ts';
import type { SpecInput } from '#runtime/spec.ts';
import { collect, createRuntimeFixture, type RuntimeFixture } from '#runtime/testing/runtime-fixture.ts';
import { readStartTime } from '#sys/pidfd.ts';

/** A process that has nothing to do with any container. */
function bystander(t: TestContext): number {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  return child.pid as number;
}

const fileOf = (fixture: RuntimeFixture, id: string, name: string) =>
  path.join(fixture.runDirectory, 'c', id, name);

for (const name of ['crun', 'runc']) {
  describe(`${name} under conmon`, () => {
    test('works in a run directory that is too deep for socket paths', async () => {
      const deep = Array.from({ length: 20 }, () => 'd'.repeat(100)).join('/');
      await using fixture = await createRuntimeFixture(name, deep);
      for (const terminal of [false, true]) {
        const { id, stdio } = await fixture.begin(['sh', '-c', 'echo hi; read x; exit 3'], {
          stdin: 'once',
          terminal,
        });
        const { stdout } = await fixture.exec(id, ['echo', 'in'], { terminal });
        assert.equal(stdout.toString().trim(), 'in');
        await stdio.write(Buffer.from('go\n'));
        assert.match((await collect(stdio)).stdout.toString(), /^hi\r?\n/);
        assert.equal((await fixture.exitOf(id)).code, 3);
        await fixture.runtime.delete(id);
      }
    });

    test('is not asked for what it would complain of at too great length', async () => {
      await using fixture = await createRuntimeFixture(name);
      const long = `/${'a'.repeat(70_000)}`;
      const tooLong = { kind: 'InvalidParameter', message: /longer than a path may be: 4095 bytes/ };
      const changes = [
        (input: SpecInput) => Object.assign(input.process, { workingDirectory: long }),
        (input: SpecInput) => Object.assign(input, { cgroupParent: long }),
        (input: SpecInput) => Object.assign(input, { annotations: { 'run.oci.handler': long } }),
      ];
      for (const change of changes) await assert.rejects(fixture.begin(['true'], { change }), tooLong);
      const { id } = await fixture.begin(['sleep', '1000'], {
        change: (input) => Object.assign(input, { annotations: { description: long } }),
      });
      await assert.rejects(fixture.exec(id, ['true'], { workingDirectory: long }), tooLong);
      await fixture.runtime.delete(id);
    });

    test('does not take another process for its own when a pid was given out again', async (t) => {
      await using fixture = await createRuntimeFixture(name);
      const { id, pid } = await fixture.begin(['sleep', '1000']);
      const stranger = bystander(t);
      fs.writeFileSync(fileOf(fixture, id, 'pid'), String(stranger));
      await assert.rejects(async () => fixture.runtime.kill(id, 9), { reason: 'not-running' });
      await assert.rejects(fixture.exec(id, ['true']), { reason: 'not-running' });
      assert.notEqual(readStartTime(stranger), undefined);

      fs.writeFileSync(fileOf(fixture, id, 'pid'), String(pid));
      await fixture.runtime.kill(id, 9);
      assert.equal((await fixture.exitOf(id)).code, 137);
      await fixture.runtime.delete(id);
    });

    test('knows its monitor by more than its pid', async (t) => {
      await using fixture = await createRuntimeFixture(name);
      const { id, pid } = await fixture.begin(['sleep', '1000']);
      const state = await fixture.runtime.inspect(id);
      assert.ok(state.state === 'running');
      await fixture.runtime.close();
      const stranger = bystander(t);
      process.kill(state.monitorPid, 'SIGKILL');
      while (readStartTime(state.monitorPid) !== undefined) await setTimeout(5);
      fs.writeFileSync(fileOf(fixture, id, 'monitor'), `${stranger} 1`);
      await fixture.reopen();
      assert.match((await fixture.exitOf(id)).failure ?? '', /conmon/);
      await fixture.runtime.delete(id);
      while (readStartTime(pid) !== undefined) await setTimeout(5);
      assert.notEqual(readStartTime(stranger), undefined);
    });

    test('tells that the kernel killed a process other than the first for want of memory', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { exit } = await fixture.run(
        ['sh', '-c', 'sh -c "x=1; while true; do x=\\$x\\$x; done"; exit 5'],
        {
          change: (input) => {
            input.resources.memoryBytes = 16 * 1024 * 1024;
          },
        },
      );
      assert.deepEqual([exit.code, exit.oomKilled], [5, true]);
    });
  });
}

test('a run directory so deep that its files have no path is refused', () => {
  const deep = `/tmp/${'d'.repeat(3900)}`;
  assert.throws(() => createRunDirectories(deep, 'crun'), {
    kind: 'InvalidParameter',
    message: /^the run directory has a path of more than 3839 bytes: \/tmp\/d{75}…$/,
  });
});
