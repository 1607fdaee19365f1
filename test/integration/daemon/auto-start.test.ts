import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { dhowProgram } from '../../support/cli.ts';
import { type CommandResult, runCommand, startCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

/**
 * Where nobody has said where the daemon is and none runs, the CLI starts one: at the machine's default socket, with the machine's
 * configuration file. Both are the test's own here, because all that it starts lives in a mount namespace with another `/run` and `/etc`.
 */
describe('a command where no daemon runs', () => {
  let daemon: Daemon;
  let machine: ChildProcess;
  let own: { run: string; etc: string; config: string };

  before(async () => {
    // Gives its names, its images and its clean-up; the daemons of the tests take its place.
    daemon = await startDaemon();
    await importBase(daemon);
    await daemon.stop();
    const etc = path.join(daemon.directory, 'etc');
    own = { run: path.join(daemon.directory, 'run'), etc, config: path.join(etc, 'dhow/daemon.json') };
    fs.mkdirSync(own.run);
    fs.mkdirSync(path.dirname(own.config), { recursive: true });
    writeConfig({});
    machine = await startMachine();
  });
  afterEach(stopStarted);
  after(async () => {
    machine?.kill('SIGKILL');
    await daemon?.[Symbol.asyncDispose]();
  });

  function writeConfig(more: Record<string, unknown>): void {
    const names = {
      'data-root': daemon.dataRoot,
      bridge: daemon.bridge,
      'nft-table': daemon.nftTable,
      'cgroup-parent': daemon.cgroupParent,
    };
    fs.writeFileSync(own.config, JSON.stringify({ ...names, ...more }));
  }

  /** The machine: a process that holds the mount namespace, from one daemon to the next. */
  async function startMachine(): Promise<ChildProcess> {
    const script = `
      mount --bind ${own.run} /run &&
      mount -t overlay overlay -o lowerdir=${own.etc}:/etc /etc &&
      echo ready && exec sleep infinity`;
    const child = startCommand('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]);
    await once(child.stdout, 'data');
    return child;
  }

  function dhow(...args: string[]): Promise<CommandResult> {
    return runCommand('nsenter', ['--mount', '--target', String(machine.pid), dhowProgram, ...args], {
      environment: { DOCKER_HOST: undefined, DHOW_HOST: undefined, DOCKER_CONTEXT: undefined },
    });
  }

  /** Process id of the daemon that was started last. */
  const startedPid = (): number => Number(fs.readFileSync(path.join(daemon.dataRoot, 'lock'), 'utf8'));
  const isAlive = (pid: number): boolean => fs.existsSync(`/proc/${pid}`);
  const serverPid = async (): Promise<number> => {
    assert.equal((await dhow('ps', '-q')).code, 0);
    return startedPid();
  };

  async function stopStarted(): Promise<void> {
    const pid = startedPid();
    if (!isAlive(pid)) return;
    process.kill(pid, 'SIGTERM');
    await waitFor('the daemon to end', () => !isAlive(pid));
  }

  it('starts one and does its work', async () => {
    const { code, stdout, stderr } = await dhow('run', '--rm', 'busybox', 'echo', 'done');
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'done\n', stderr: '' });
  });

  it('starts it as `dhow daemon` does, with the same bound for its memory', async () => {
    const argumentsOf = (pid: number): string => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    assert.match(argumentsOf(await serverPid()), /\0--max-semi-space-size=/);
  });

  it('leaves it running, in a session of its own, for the commands that follow', async () => {
    const name = 'follows';
    assert.equal((await dhow('run', '-d', '--name', name, 'busybox', 'sleep', '1000')).code, 0);
    const pid = startedPid();
    assert.ok(isAlive(pid));
    const [, , , , , session] = fs
      .readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/\(.*\)/, 'x')
      .split(' ');
    assert.equal(Number(session), pid);
    assert.equal((await dhow('exec', name, 'echo', 'same')).stdout, 'same\n');
    assert.equal(startedPid(), pid);
    assert.equal((await dhow('rm', '-f', name)).code, 0);
  });

  it('starts it again after it was killed, and finds what ran', async () => {
    const name = 'lives';
    await dhow('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    const pid = startedPid();
    process.kill(pid, 'SIGKILL');
    await waitFor('the daemon to end', () => !isAlive(pid));
    assert.equal((await dhow('ps', '--format', '{{.Names}} {{.State}}')).stdout, `${name} running\n`);
    assert.notEqual(startedPid(), pid);
    await dhow('rm', '-f', name);
  });

  it('is one daemon for commands that come at the same time', async () => {
    const results = await Promise.all(
      ['one', 'two', 'three', 'four'].map((word) => dhow('run', '--rm', 'busybox', 'echo', word)),
    );
    assert.deepEqual(
      results,
      ['one', 'two', 'three', 'four'].map((word) => ({ code: 0, stdout: `${word}\n`, stderr: '' })),
    );
    assert.equal(await serverPid(), await serverPid());
  });

  it('says why when it does not start', async () => {
    writeConfig({ 'no-such-key': true });
    try {
      const run = await dhow('run', '--rm', 'busybox', 'true');
      assert.equal(run.code, 125);
      assert.match(
        run.stderr,
        /the daemon ended at its start \(exit code 1\); its log \/run\/dhow\/daemon\.log ends with:/,
      );
      assert.match(run.stderr, /unknown key "no-such-key"/);
      assert.equal((await dhow('ps')).code, 1);
    } finally {
      writeConfig({});
    }
  });
});
