import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cli, createCli, dhowProgram } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { type Supervisor, startSupervisor } from '../../support/supervisor.ts';
import { waitFor } from '../../support/wait-for.ts';

/** The daemon as the service of a manager that listens for it. */
describe('a supervised daemon', () => {
  let daemon: Daemon;
  let supervisor: Supervisor;
  let docker: Cli;
  let socket: string;

  before(async () => {
    // Gives its names, its images and its clean-up; the supervised one takes its place.
    daemon = await startDaemon();
    await importBase(daemon);
    await daemon.stop();
    socket = path.join(path.dirname(daemon.socket), 'activated.sock');
    const args = daemon.args.slice(2);
    supervisor = await startSupervisor(daemon.directory, socket, [
      dhowProgram,
      ...['daemon', ...args, '--insecure-tcp-without-client-certificates'],
    ]);
    docker = createCli('docker', () => ({
      host: `unix://${socket}`,
      configDirectory: `${daemon.directory}/config`,
    }));
  });
  after(async () => {
    await supervisor?.[Symbol.asyncDispose]();
    await daemon?.[Symbol.asyncDispose]();
  });

  const heard = (name: string): Promise<Readonly<Record<string, string>>> =>
    waitFor(name, () => supervisor.told().find((message) => name in message));
  const stop = async (pid: number): Promise<void> => {
    process.kill(pid, 'SIGTERM');
    assert.equal(await supervisor.ended(), 0);
  };

  it('serves all sockets that were passed, and says when it is ready', async () => {
    const pid = await supervisor.start();
    const { READY, STATUS } = await heard('READY');
    assert.equal(READY, '1');
    assert.equal(STATUS, `Listening on fd://, tcp://127.0.0.1:${supervisor.port}`);
    assert.deepEqual(supervisor.told()[0], { STATUS: 'Starting' });
    for (const host of [`unix://${socket}`, `tcp://127.0.0.1:${supervisor.port}`]) {
      assert.equal(await docker.out('-H', host, 'info', '--format', '{{.DockerRootDir}}'), daemon.dataRoot);
    }
    await stop(pid);
    assert.ok(fs.existsSync(socket), 'the socket is its manager’s');
  });

  it('serves the one that is named, and TCP only when it is told that it may', async () => {
    const args = ['daemon', ...daemon.args.slice(2)];
    const other = path.join(path.dirname(socket), 'other.sock');
    for (const [hosts, outcome] of [
      [['--host', 'fd://api'], 'served'],
      [[], 'refused'],
    ] as const) {
      await using another = await startSupervisor(`${daemon.directory}-${outcome}`, other, [
        dhowProgram,
        ...args,
        ...hosts,
      ]);
      const pid = await another.start();
      if (outcome === 'served') {
        await docker.out('-H', `unix://${other}`, 'ps');
        process.kill(pid, 'SIGTERM');
        assert.equal(await another.ended(), 0);
      } else {
        assert.equal(await another.ended(), 1);
      }
      fs.rmSync(other);
    }
  });

  it('answers what was asked while it was away, and its containers have gone on', async () => {
    const first = await supervisor.start();
    await docker.out('run', '-d', '--name', 'stays', 'busybox', 'sleep', '1000');
    const before = await docker.out('inspect', '-f', '{{.State.Pid}} {{.State.StartedAt}}', 'stays');
    await stop(first);
    assert.ok(supervisor.told().some(({ STOPPING }) => STOPPING === '1'));
    const asked = docker.out('inspect', '-f', '{{.State.Pid}} {{.State.StartedAt}}', 'stays');
    const second = await supervisor.start();
    assert.equal(await asked, before);
    await docker.out('rm', '-f', 'stays');
    await stop(second);
  });

  it('reloads when it is told to, and says when that is over', async () => {
    const pid = await supervisor.start();
    await heard('READY');
    process.kill(pid, 'SIGHUP');
    const { MONOTONIC_USEC } = await heard('RELOADING');
    assert.ok(Number(MONOTONIC_USEC) > 0);
    await waitFor('READY again', () => supervisor.told().filter(({ READY }) => READY === '1').length === 2);
    await stop(pid);
  });

  it('shows the watchdog that it lives', async () => {
    const pid = await supervisor.start();
    await heard('READY');
    await heard('WATCHDOG');
    await stop(pid);
  });

  it('keeps its sockets and its manager from what it starts', async () => {
    const pid = await supervisor.start();
    await docker.out('run', '-d', '--name', 'child', 'busybox', 'sleep', '1000');
    const container = await docker.out('inspect', '-f', '{{.State.Pid}}', 'child');
    const monitor = /^PPid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${container}/status`, 'utf8'))?.[1];
    const passed = await outputOf('sh', ['-c', `ls -l /proc/${pid}/fd | grep -o 'socket:.*'`]);
    for (const child of [container, monitor]) {
      const environment = fs.readFileSync(`/proc/${child}/environ`, 'utf8');
      assert.doesNotMatch(environment, /NOTIFY_SOCKET|LISTEN_|WATCHDOG/);
      const held = fs
        .readdirSync(`/proc/${child}/fd`)
        .map((fd) => fs.readlinkSync(`/proc/${child}/fd/${fd}`));
      for (const link of held) assert.ok(!passed.split('\n').includes(link), `${link} of ${child}`);
    }
    await docker.out('rm', '-f', 'child');
    await stop(pid);
  });

  it('lets requests under way end, and cuts what would go on for ever', async () => {
    const pid = await supervisor.start();
    const script = 'trap "echo stopping; sleep 1; exit 5" TERM; echo ready; while :; do sleep 0.1; done';
    await docker.out('run', '-d', '--name', 'slow', 'busybox', 'sh', '-c', script);
    const said = (word: string): Promise<true> =>
      waitFor(word, async () => (await docker.out('logs', 'slow')).includes(word) || undefined);
    await said('ready');
    const following = docker.run(['logs', '-f', 'slow']);
    const stopping = docker.run(['stop', '-t', '10', 'slow']);
    await said('stopping');
    process.kill(pid, 'SIGTERM');
    assert.deepEqual(await stopping, { code: 0, stdout: 'slow\n', stderr: '' });
    await following;
    assert.equal(await supervisor.ended(), 0);
    const next = await supervisor.start();
    assert.equal(await docker.out('inspect', '-f', '{{.State.ExitCode}}', 'slow'), '5');
    await docker.out('rm', 'slow');
    await stop(next);
  });
});
