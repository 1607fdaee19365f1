import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { isDhowError } from '#errors/error.ts';
import { collect, createRuntimeFixture } from '#runtime/testing/runtime-fixture.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';

for (const name of ['crun', 'runc']) {
  describe(`containers by ${name}`, () => {
    test('run, tell their output apart and give their exit code', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { stdout, stderr, exit } = await fixture.run(['sh', '-c', 'echo out; echo err >&2; exit 3']);
      assert.equal(stdout.toString(), 'out\n');
      assert.equal(stderr.toString(), 'err\n');
      assert.equal(exit.code, 3);
      assert.equal(exit.oomKilled, false);
      assert.ok(Math.abs(exit.finishedAt.getTime() - Date.now()) < 60_000);
    });

    test('run as the wished user, who belongs to his own group and those added', async () => {
      await using fixture = await createRuntimeFixture(name);
      const users: [user: string, added: string[], identity: string][] = [
        ['', [], '0 0 /root Groups: 0'],
        ['web', [], '101 102 /srv/web Groups: 102 103'],
        ['5000', [], '5000 0 / Groups: 0'],
        [':web', [], '0 102 /root Groups: 102'],
        ['5000:6000', ['extra', '77'], '5000 6000 / Groups: 77 103 6000'],
      ];
      for (const [user, added, identity] of users) {
        const { stdout } = await fixture.run(
          ['sh', '-c', 'echo $(id -u) $(id -g) $HOME $(grep Groups: /proc/self/status)'],
          {
            change: ({ process }) => {
              process.user = user;
              process.additionalGroups = added;
            },
          },
        );
        assert.equal(stdout.toString(), `${identity}\n`);
      }
    });

    test('give 128 and the number of the signal that ended them', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      assert.equal((await fixture.runtime.inspect(id)).state, 'running');
      await fixture.runtime.kill(id, 9);
      assert.equal((await fixture.exitOf(id)).code, 137);
      assert.equal((await fixture.runtime.inspect(id)).state, 'exited');
      await assert.rejects(async () => fixture.runtime.kill(id, 9), {
        kind: 'Conflict',
        reason: 'not-running',
      });
      await fixture.runtime.delete(id);
      await fixture.runtime.delete(id);
      assert.deepEqual(await fixture.runtime.inspect(id), { state: 'absent' });
    });

    test('have monitors in a control group of their own, which goes with the runtime', async () => {
      const { version, mounts } = readCgroupHierarchies();
      const fixture = await createRuntimeFixture(name);
      const mount = mounts.find(({ unified, controllers }) =>
        version === 2 ? unified : controllers.includes('memory'),
      );
      const group = path.join(mount?.directory ?? '', fixture.monitorGroup);
      {
        await using _disposed = fixture;
        const { id } = await fixture.begin(['sleep', '1000']);
        const exec = fixture.execRequest(id, fixture.newId(), ['sleep', '1000'], { attached: false });
        await fixture.runtime.exec(exec, AbortSignal.any([]));
        const monitors = fs.readFileSync(path.join(group, 'cgroup.procs'), 'utf8').trim().split('\n');
        assert.deepEqual(
          monitors.map((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'utf8')),
          ['conmon\n', 'conmon\n'],
        );
        await fixture.runtime.kill(id, 9);
        await fixture.exitOf(exec.execId);
        fixture.runtime.acknowledgeExit(exec.execId);
        await fixture.runtime.delete(id);
      }
      assert.equal(fs.existsSync(group), false);
    });

    test('wait between create and start', async () => {
      await using fixture = await createRuntimeFixture(name);
      const id = fixture.newId();
      const { pid } = await fixture.runtime.create(fixture.request(id, ['true']), AbortSignal.any([]));
      const state = await fixture.runtime.inspect(id);
      assert.equal(state.state, 'created');
      assert.equal(state.state === 'created' && state.pid, pid);
      await assert.rejects(fixture.runtime.create(fixture.request(id, ['true']), AbortSignal.any([])), {
        kind: 'Conflict',
      });
      await fixture.runtime.start(id);
      assert.equal((await fixture.exitOf(id)).code, 0);
      await fixture.runtime.delete(id);
    });

    const refused = [
      ['foo', 'executable-not-found', /exec: "foo": executable file not found in \$PATH$/],
      ['/foo', 'executable-not-found', /exec: "\/foo": stat \/foo: no such file or directory$/],
      ['/etc', 'executable-not-runnable', /exec: "\/etc": (permission denied|is a directory)$/],
      ['/etc/plain', 'executable-not-runnable', /exec: "\/etc\/plain": permission denied$/],
    ] as const;
    for (const [program, reason, message] of refused) {
      test(`refuse the program ${program} with ${reason} and leave nothing`, async () => {
        await using fixture = await createRuntimeFixture(name);
        fs.writeFileSync(`${fixture.root}/etc/plain`, 'no program', { mode: 0o644 });
        const id = fixture.newId();
        await assert.rejects(fixture.runtime.create(fixture.request(id, [program]), AbortSignal.any([])), {
          reason,
          message,
        });
        assert.deepEqual(await fixture.runtime.inspect(id), { state: 'absent' });

        const { id: container } = await fixture.begin(['sleep', '1000']);
        for (const terminal of [false, true]) {
          await assert.rejects(fixture.exec(container, [program], { terminal }), { reason, message });
        }
        await fixture.runtime.delete(container);
      });
    }

    test('fail without the words that mean a missing program when something else is missing', async () => {
      await using fixture = await createRuntimeFixture(name);
      const id = fixture.newId();
      const request = fixture.request(id, ['true'], {
        change: (input) =>
          input.mounts.push({
            type: 'bind',
            source: '/nowhere/at/all',
            target: '/x',
            readonly: false,
            propagation: 'rprivate',
            recursive: true,
          }),
      });
      await assert.rejects(fixture.runtime.create(request, AbortSignal.any([])), (error) => {
        assert.ok(isDhowError(error));
        assert.equal(error.reason, undefined);
        assert.doesNotMatch(error.message, /no such file or directory|permission denied|is a directory/i);
        assert.match(error.message, /nowhere/);
        return true;
      });
    });

    test('are frozen and thawed', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      await fixture.runtime.pause(id);
      assert.equal((await fixture.runtime.inspect(id)).state, 'paused');
      await fixture.runtime.resume(id);
      assert.equal((await fixture.runtime.inspect(id)).state, 'running');
      await fixture.runtime.pause(id);
      await fixture.runtime.kill(id, 9);
      assert.equal((await fixture.exitOf(id)).code, 137);
      await fixture.runtime.delete(id);
    });

    test('get other limits while they run', async () => {
      await using fixture = await createRuntimeFixture(name);
      const megabyte = 1024 * 1024;
      const { id, stdio } = await fixture.begin(
        // The limit's file, of either version.
        ['sh', '-c', 'read x; cd /sys/fs/cgroup; cat memory.max || cat memory/memory.limit_in_bytes'],
        {
          stdin: 'once',
          change: (input) => {
            // Version 2 shows the host's root to who is in the host's namespace, and a root has no limit.
            input.namespaces.cgroup = { mode: 'private' };
            input.resources.memoryBytes = 32 * megabyte;
          },
        },
      );
      await fixture.runtime.update(id, { memoryBytes: 64 * megabyte, pidsLimit: 50, deviceCgroupRules: [] });
      await stdio.write(Buffer.from('go\n'));
      assert.equal((await collect(stdio)).stdout.toString(), `${64 * megabyte}\n`);
      await fixture.exitOf(id);
      await fixture.runtime.delete(id);
      await assert.rejects(fixture.runtime.update(id, { deviceCgroupRules: [] }), { reason: 'not-running' });
    });

    test('may have unlimited limits', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { stdout } = await fixture.run(['sh', '-c', 'ulimit -c; ulimit -n'], {
        change: (input) =>
          input.process.rlimits.push(
            { name: 'core', soft: -1, hard: -1 },
            { name: 'nofile', soft: 99, hard: 100 },
          ),
      });
      assert.equal(stdout.toString(), 'unlimited\n99\n');
    });

    test('are deleted while they run or are frozen, with all that they started', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id, pid } = await fixture.begin(['sh', '-c', 'sleep 1000 & sleep 1000 & wait'], {
        change: (input) => {
          input.namespaces.pid = { mode: 'host' };
        },
      });
      await fixture.runtime.pause(id);
      await fixture.runtime.delete(id);
      assert.equal(fs.existsSync(`/proc/${pid}`), false);
    });

    test('are stopped while being created', async () => {
      await using fixture = await createRuntimeFixture(name);
      const id = fixture.newId();
      const controller = new AbortController();
      const creating = fixture.runtime.create(fixture.request(id, ['true']), controller.signal);
      controller.abort(new Error('changed my mind'));
      await assert.rejects(creating, /changed my mind/);
      assert.deepEqual(await fixture.runtime.inspect(id), { state: 'absent' });
    });

    test('tell of a want of memory that their first process outlives', async () => {
      await using fixture = await createRuntimeFixture(name);
      const told = Promise.withResolvers<string>();
      fixture.runtime.watchOoms(told.resolve);
      const { id, stdio } = await fixture.begin(
        ['sh', '-c', 'sh -c "x=1; while true; do x=\\$x\\$x; done"; read x; exit 3'],
        {
          stdin: 'once',
          change: (input) => {
            input.resources.memoryBytes = 16 * 1024 * 1024;
          },
        },
      );
      assert.equal(await told.promise, id);
      assert.equal((await fixture.runtime.inspect(id)).state, 'running');
      await stdio.write(Buffer.from('go\n'));
      const exit = await fixture.exitOf(id);
      assert.deepEqual([exit.code, exit.oomKilled], [3, true]);
      await fixture.runtime.delete(id);
    });

    test('tell that the kernel killed them for want of memory', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { exit } = await fixture.run(['sh', '-c', 'x=1; while true; do x=$x$x; done'], {
        change: (input) => {
          input.resources.memoryBytes = 16 * 1024 * 1024;
        },
      });
      assert.equal(exit.oomKilled, true);
      assert.equal(exit.code, 137);
    });
  });
}
