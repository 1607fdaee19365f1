import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { collect, createRuntimeFixture } from '#runtime/testing/runtime-fixture.ts';

for (const name of ['crun', 'runc']) {
  describe(`execs by ${name}`, () => {
    test('give output and exit code, however short they are', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      for (let round = 0; round < 5; round++) {
        const { stdout, stderr, exit } = await fixture.exec(id, [
          'sh',
          '-c',
          'echo out; echo err >&2; exit 7',
        ]);
        assert.equal(stdout.toString(), 'out\n');
        assert.equal(stderr.toString(), 'err\n');
        assert.equal(exit.code, 7);
      }
      await fixture.runtime.delete(id);
    });

    test('read their stdin to its end', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      const input = randomBytes(1024 * 1024);
      const execId = fixture.newId();
      const { stdio } = await fixture.runtime.exec(
        fixture.execRequest(id, execId, ['cat'], { stdin: true }),
        AbortSignal.any([]),
      );
      assert.ok(stdio);
      await stdio.write(input.subarray(0, 10));
      const rest = stdio.write(input.subarray(10)).then(() => stdio.closeInput());
      assert.ok((await collect(stdio)).stdout.equals(input));
      await rest;
      assert.equal((await fixture.exitOf(execId)).code, 0);
      fixture.runtime.acknowledgeExit(execId);
      assert.deepEqual(await fixture.runtime.inspect(execId), { state: 'absent' });
      await fixture.runtime.delete(id);
    });

    test('are given up before the runtime has begun with them', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      const probe = { containerId: id, args: ['sleep', '2000'], env: [], user: '', additionalGroups: [] };
      const givenUp = new AbortController();
      const probing = fixture.runtime.probe({ ...probe, maxOutputBytes: 100 }, givenUp.signal);
      givenUp.abort();
      await assert.rejects(probing, { name: 'AbortError' });
      await fixture.runtime.delete(id);
    });

    test('run as another user, elsewhere and with more capabilities', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      const command =
        'id -u; id -G; pwd; echo $A $HOME $HOSTNAME; grep -E "CapBnd|CapEff|Seccomp:" /proc/self/status';
      const user = await fixture.exec(id, ['sh', '-c', command], {
        user: 'web',
        workingDirectory: '/tmp',
        env: ['A=b'],
      });
      assert.equal(
        user.stdout.toString(),
        '101\n102 103\n/tmp\nb /srv/web box\nCapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\nSeccomp:\t2\n',
      );
      const member = await fixture.exec(id, ['grep', 'Groups:', '/proc/self/status'], {
        user: '5000',
        additionalGroups: ['other', '77'],
      });
      assert.equal(member.stdout.toString(), 'Groups:\t0 77 104 \n');
      const held = /^CapBnd:.*$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[0];
      const privileged = await fixture.exec(id, ['grep', 'CapBnd', '/proc/self/status'], {
        privileged: true,
      });
      assert.equal(privileged.stdout.toString().trim(), held);
      await assert.rejects(fixture.exec(id, ['true'], { user: 'nobody-here' }), {
        kind: 'InvalidParameter',
        message: /unable to find user nobody-here: no matching entries in passwd file/,
      });
      await fixture.runtime.delete(id);
    });

    test('have a terminal of their own', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      // crun gives an exec's terminal its size while the program starts; busybox's stty complains of none and ends with 0.
      const script =
        'tty; for i in $(seq 1000); do stty size | grep -q "^33" && break; sleep 0.01; done 2>&-; stty size; echo $TERM';
      const { stdout } = await fixture.exec(id, ['sh', '-c', script], {
        terminal: true,
        consoleSize: { rows: 33, columns: 44 },
      });
      assert.equal(stdout.toString(), '/dev/pts/0\r\n33 44\r\nxterm\r\n');
      await fixture.runtime.delete(id);
    });

    test('run unattached, and die with their container', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id } = await fixture.begin(['sleep', '1000']);
      const { exit } = await fixture.exec(id, ['touch', '/tmp/was-here'], { attached: false });
      assert.equal(exit.code, 0);
      assert.ok(fs.existsSync(`${fixture.root}/tmp/was-here`));
      const execId = fixture.newId();
      await fixture.runtime.exec(
        fixture.execRequest(id, execId, ['sleep', '1000'], { attached: false }),
        AbortSignal.any([]),
      );
      await fixture.runtime.kill(id, 9);
      assert.equal((await fixture.exitOf(execId)).code, 137);
      fixture.runtime.acknowledgeExit(execId);
      await assert.rejects(fixture.exec(id, ['true']), { kind: 'Conflict', reason: 'not-running' });
      await fixture.runtime.delete(id);
    });
  });
}
