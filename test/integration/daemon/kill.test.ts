import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Counts, on stdout and every tenth time on stderr too; SIGTERM ends it with 40, SIGUSR1 with 0. */
const counting =
  'trap "echo last; exit 40" TERM; trap "exit 0" USR1; i=0; while :; do i=$((i+1)); echo line $i; [ $((i % 10)) = 0 ] && echo err $i >&2; sleep 0.1; done';

/**
 * The daemon dies by SIGKILL under 20 running containers, some of which end before there is a new daemon: nothing is lost. What is
 * left behind on the host fails the file when the daemon is disposed.
 */
describe('a daemon killed under 20 running containers', () => {
  let daemon: Daemon;
  let docker: Cli;
  let dhow: Cli;
  let port = 0;
  /** Names of the containers that run before, and as what they were known. */
  const running = [
    ...Array.from({ length: 9 }, (_, index) => `plain-${index}`),
    ...[
      'web',
      'cat',
      'terminal',
      'paused',
      'ends',
      'killed',
      'removed',
      'always',
      'failing',
      'succeeding',
      'busy',
    ],
  ];
  const ended = ['ends', 'killed', 'removed', 'always', 'failing', 'succeeding'];
  const survivors = running.filter((name) => !ended.includes(name));
  const counters = survivors.filter((name) => !['web', 'cat', 'terminal', 'paused'].includes(name));
  const known = new Map<string, string>();
  const pids = new Map<string, number>();

  const inspect = (name: string, template: string): Promise<string> =>
    dhow.out('inspect', '--format', template, name);
  const identity = (name: string): Promise<string> =>
    inspect(
      name,
      '{{.Id}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}} {{.NetworkSettings.Networks.bridge.IPAddress}} {{json .NetworkSettings.Ports}}',
    );
  const pidOf = async (name: string): Promise<number> => Number(await inspect(name, '{{.State.Pid}}'));
  const signal = (name: string, which: NodeJS.Signals): boolean => process.kill(pids.get(name) ?? 0, which);

  before(async () => {
    daemon = await startDaemon();
    docker = daemon.cli('docker');
    dhow = daemon.cli('dhow');
    await importBase(daemon);
    port = await freePort();
    const run = (name: string, options: string[], command: string[]): Promise<string> =>
      docker.out('run', '-d', '--name', name, ...options, 'busybox', ...command);
    const count = (name: string, ...options: string[]): Promise<string> =>
      run(name, options, ['sh', '-c', counting]);
    assert.equal(running.length, 20);
    await Promise.all([
      ...running.filter((name) => name.startsWith('plain-')).map((name) => count(name)),
      run('web', ['-p', `${port}:80`], ['nc', '-ll', '-p', '80', '-e', 'echo', 'hello']),
      run('cat', ['-i'], ['cat']),
      run('terminal', ['-it'], ['sh']),
      count('paused'),
      count('ends'),
      count('killed'),
      count('removed', '--rm', '-v', '/data'),
      count('always', '--restart', 'always'),
      count('failing', '--restart', 'on-failure'),
      count('succeeding', '--restart', 'on-failure'),
      count('busy'),
      count('stopped', '--restart', 'unless-stopped'),
    ]);
    await waitFor('its trap', async () => (await docker.out('logs', 'stopped')).includes('line 1'));
    await docker.out('stop', 'stopped');
    // Its traps are set, and lines are behind it.
    for (const name of [...counters, ...ended]) {
      await waitFor(`${name} to count`, async () => (await docker.out('logs', name)).includes('line 3'));
    }
    await docker.out('exec', '-d', 'busy', 'sh', '-c', 'sleep 2; echo outlived > /outlived');
    await docker.out('pause', 'paused');
    for (const name of running) pids.set(name, await pidOf(name));
    for (const name of survivors) known.set(name, await identity(name));

    const follower = docker.start(['logs', '-f', 'plain-0']);
    await once(follower.stdout, 'data');
    const followerEnded = once(follower, 'close');
    await daemon.kill9();
    await followerEnded;

    assert.equal(await answerOf(port), 'hello\n', 'the port answers while there is no daemon');
    for (const name of ['ends', 'removed', 'always', 'failing']) signal(name, 'SIGTERM');
    signal('succeeding', 'SIGUSR1');
    signal('killed', 'SIGKILL');
    for (const name of ended) {
      await waitFor(`${name} to end`, () => !fs.existsSync(`/proc/${pids.get(name)}`));
    }
    await daemon.start();
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  it('finds all that run as they were', async () => {
    for (const name of survivors) assert.equal(await identity(name), known.get(name), name);
    const listed = await docker.out('ps', '--format', '{{.Names}}');
    for (const name of survivors) assert.ok(listed.split('\n').includes(name), name);
  });

  it('knows the exits that happened meanwhile, with their codes', async () => {
    assert.equal(await inspect('ends', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 40');
    assert.equal(await inspect('killed', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
    assert.equal(await docker.out('wait', 'ends', 'killed'), '40\n137');
    assert.match(await docker.out('logs', '--tail', '1', 'ends'), /^last$/);
  });

  it('has removed the --rm container that ended meanwhile, with its volume', async () => {
    await waitFor('the removal', async () => (await docker.run(['inspect', 'removed'])).code !== 0);
    assert.equal(await docker.out('volume', 'ls', '-q'), '');
  });

  it('applies the restart policies', async () => {
    for (const name of ['always', 'failing']) {
      await waitFor(`${name} to run again`, async () => {
        const pid = await pidOf(name);
        return pid !== 0 && pid !== pids.get(name);
      });
    }
    assert.equal(await inspect('succeeding', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 0');
    assert.equal(await inspect('stopped', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 40');
  });

  it('has logs without a gap, and they go on', async () => {
    for (const name of counters) {
      const seen = (await docker.out('logs', name)).split('\n').length;
      const { stdout, stderr } = await waitFor(`more lines of ${name}`, async () => {
        const logs = await docker.run(['logs', name]);
        return logs.stdout.split('\n').length > seen + 1 && logs;
      });
      assertCounts(stdout, 'line', 1);
      assertCounts(stderr, 'err', 10);
    }
  });

  it('logs -f follows, from the first line on', async () => {
    const child = dhow.start(['logs', '-f', 'plain-1']);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await once(child.stdout, 'data');
    const now = output.split('\n').length;
    await waitFor('more lines', () => output.split('\n').length > now + 3);
    const closed = once(child, 'close');
    await docker.out('kill', '-s', 'TERM', 'plain-1');
    assert.deepEqual(await closed, [0, null]);
    assert.match(output, /last\n$/);
    assertCounts(output.replace(/last\n$/, ''), 'line', 1);
    assert.equal(await inspect('plain-1', '{{.State.ExitCode}}'), '40');
  });

  it('exec works in each', async () => {
    for (const name of survivors.filter((name) => name !== 'paused' && name !== 'plain-1')) {
      assert.equal(await docker.out('exec', name, 'echo', name), name);
    }
    const failed = await dhow.run(['exec', 'plain-2', 'sh', '-c', 'exit 9']);
    assert.equal(failed.code, 9);
  });

  it('a process that was started by exec goes on', async () => {
    await waitFor(
      'the process to write its file',
      async () => (await docker.run(['exec', 'busy', 'cat', '/outlived'])).stdout === 'outlived\n',
    );
  });

  it('attach joins a process, its input and its output', async () => {
    const child = docker.start(['attach', 'cat']);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stdin.write('to and fro\n');
    await waitFor('the echo', () => output === 'to and fro\n');
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it('attach joins a terminal, with its size', async () => {
    await using terminal = dhow.terminal(['attach', 'terminal']);
    terminal.type('\r');
    await terminal.expect(/# /);
    terminal.type('until stty size | grep "^24 80"; do sleep 0.05; done; exit 8\r');
    await terminal.expect(/24 80\r\n/);
    assert.equal(await terminal.exit(), 8);
  });

  it('the published port answers, and is free when its container has gone', async () => {
    assert.equal(await answerOf(port), 'hello\n');
    const taken = await docker.run(['run', '--rm', '-p', `${port}:80`, 'busybox', 'true']);
    assert.equal(taken.code, 125);
    await docker.out('rm', '-f', 'web');
    await assert.rejects(answerOf(port), /ECONNREFUSED/);
  });

  it('a new container gets an address that nobody has', async () => {
    const name = 'newcomer';
    await docker.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    const address = await inspect(name, '{{.NetworkSettings.Networks.bridge.IPAddress}}');
    const others = (await docker.out('ps', '-q')).split('\n');
    const addresses = await dhow.out(
      'inspect',
      '--format',
      '{{.NetworkSettings.Networks.bridge.IPAddress}}',
      ...others,
    );
    assert.equal(addresses.split('\n').filter((other) => other === address).length, 1);
  });

  it('what was paused can be let go on', async () => {
    const before = await docker.out('logs', 'paused');
    await docker.out('unpause', 'paused');
    await waitFor('more lines', async () => (await docker.out('logs', 'paused')).length > before.length);
    assertCounts((await docker.run(['logs', 'paused'])).stdout, 'line', 1);
  });

  it('stop ends them with their code, and wakes those who wait', async () => {
    const waiting = docker.out('wait', 'plain-3');
    await docker.out('stop', 'plain-3');
    assert.equal(await waiting, '40');
    assert.equal(await dhow.out('stop', 'plain-4', 'plain-5'), 'plain-4\nplain-5');
    assert.equal(await inspect('plain-4', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 40');
  });
});

/** Numbered lines that neither begin late nor have a gap. */
function assertCounts(text: string, word: string, step: number): void {
  const lines = text.split('\n').slice(0, -1);
  assert.deepEqual(
    lines,
    lines.map((_, index) => `${word} ${(index + 1) * step}`),
  );
}

async function answerOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect({ host: '127.0.0.1', port, timeout: 5000 });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('timeout', () => socket.destroy(new Error('timeout')));
    socket.on('close', () => resolve(text));
  });
}
