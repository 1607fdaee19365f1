import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dhowProgram } from '../../support/cli.ts';
import { runCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('the monitors of a daemon', () => {
  let daemon: Daemon;
  let conmonDirectory: string;
  let conmon: string;
  before(async () => {
    conmonDirectory = fs.mkdtempSync('/tmp/dhow-test-conmon-');
    conmon = path.join(conmonDirectory, 'conmon');
    fs.copyFileSync('/usr/bin/conmon', conmon);
    daemon = await startDaemon({ args: ['--conmon-path', conmon] });
    await importBase(daemon);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    fs.rmSync(conmonDirectory, { recursive: true });
  });

  /** Pids of the monitors, which name the container on their command line. */
  const monitorsOf = (id: string): number[] =>
    fs
      .readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && commandLineOf(pid).startsWith(`${conmon} `))
      .filter((pid) => commandLineOf(pid).includes(` -c ${id} `))
      .map(Number);

  function commandLineOf(pid: string): string {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      // It has ended meanwhile.
      return '';
    }
  }

  it('are the program that --conmon-path names', async () => {
    const id = await daemon.cli('docker').out('run', '-d', 'busybox', 'sleep', '1000');
    assert.equal(monitorsOf(id).length, 1);
    await daemon.cli('docker').out('rm', '-f', id);
    assert.equal(monitorsOf(id).length, 0);
  });

  it('cannot be a program that is not there, or another one', async () => {
    for (const [program, obstacle] of [
      ['/nowhere/conmon', /\/nowhere\/conmon cannot be used as conmon: it does not exist/],
      ['/etc/passwd', /\/etc\/passwd cannot be used as conmon: it is not executable/],
      ['/bin/busybox', /busybox (cannot be used as conmon|--version does not work)/],
    ] as const) {
      const roots = ['--data-root', `${daemon.directory}/other`, '--run-root', `${daemon.directory}/run`];
      const { code, stderr } = await runCommand(dhowProgram, [
        ...['daemon', '--host', `unix://${daemon.directory}/other.sock`, ...roots],
        ...['--conmon-path', program],
      ]);
      assert.equal(code, 1);
      assert.match(stderr, obstacle);
    }
  });

  it('take their container with them when they are killed, and inspect says so', async () => {
    const docker = daemon.cli('docker');
    const id = await docker.out('run', '-d', 'busybox', 'sh', '-c', 'sleep 1000 & sleep 1000');
    const waiting = docker.out('wait', id);
    const following = docker.run(['logs', '-f', id]);
    const pid = await docker.out('inspect', '-f', '{{.State.Pid}}', id);
    for (const monitor of monitorsOf(id)) process.kill(monitor, 'SIGKILL');
    assert.equal(await waiting, '137');
    assert.equal((await following).code, 0);
    assert.match(
      await docker.out('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}', id),
      /^exited 137 its monitor \(conmon\) was killed/,
    );
    await waitFor('the container’s process to end', () => commandLineOf(pid) === '');
    await docker.out('start', id);
    assert.equal(
      await docker.out('inspect', '-f', '{{.State.Status}} {{.State.Error}}', id),
      'running',
      'it can be started again',
    );
    await docker.out('rm', '-f', id);
  });

  it('that are killed while no daemon runs leave a container that is known as lost', async () => {
    const docker = daemon.cli('docker');
    const id = await docker.out('run', '-d', 'busybox', 'sleep', '1000');
    const pid = await docker.out('inspect', '-f', '{{.State.Pid}}', id);
    await daemon.kill9();
    for (const monitor of monitorsOf(id)) process.kill(monitor, 'SIGKILL');
    await daemon.start();
    assert.match(
      await docker.out('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}', id),
      /^exited 137 its monitor \(conmon\) was killed/,
    );
    await waitFor('the container’s process to end', () => commandLineOf(pid) === '');
    await docker.out('rm', id);
  });
});
