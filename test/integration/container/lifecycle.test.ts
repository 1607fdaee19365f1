import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

const obedient = ['busybox', 'sh', '-c', 'trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done'];

describeEngine('container › life cycle', ({ cli, unique }) => {
  const state = (name: string, field: string): Promise<string> =>
    cli.out('inspect', '--format', `{{.State.${field}}}`, name);
  const trapIsSet = (name: string): Promise<boolean> =>
    waitFor('the trap', async () => (await cli.out('logs', name)) === 'ready');

  it('goes from created over running and exited to running again', async () => {
    const name = unique('cycle');
    await cli.out('create', '--name', name, 'busybox', 'sh', '-c', 'sleep 1000');
    assert.equal(await state(name, 'Status'), 'created');
    assert.equal(await cli.out('start', name), name);
    assert.equal(await state(name, 'Status'), 'running');
    assert.match(await state(name, 'StartedAt'), /^20\d\d-/);
    assert.equal(await cli.out('kill', name), name);
    assert.equal(await cli.out('wait', name), '137');
    assert.equal(await state(name, 'Status'), 'exited');
    assert.equal(await state(name, 'ExitCode'), '137');
    await cli.out('start', name);
    assert.equal(await state(name, 'Running'), 'true');
    await cli.out('rm', '-f', name);
  });

  it('keeps its files from one start to the next', async () => {
    const name = unique('files');
    await cli.out('run', '--name', name, 'busybox', 'sh', '-c', 'echo run >> /runs; cat /runs');
    assert.equal(await cli.out('start', '-a', name), 'run\nrun');
    await cli.out('rm', name);
  });

  it('stop sends SIGTERM first', async () => {
    const name = unique('stop');
    await cli.out('run', '-d', '--name', name, ...obedient);
    await trapIsSet(name);
    assert.equal(await cli.out('stop', name), name);
    assert.equal(await state(name, 'ExitCode'), '0');
    await cli.out('rm', name);
  });

  it('stop sends SIGKILL when the grace period is over', async () => {
    const name = unique('stubborn');
    await cli.out(
      'run',
      '-d',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'trap "" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await trapIsSet(name);
    await cli.out('stop', '-t', '1', name);
    assert.equal(await state(name, 'ExitCode'), '137');
    await cli.out('rm', name);
  });

  it('events tell of the signal, the exit and the stop', async () => {
    const name = unique('told');
    await cli.out('run', '-d', '--name', name, '--stop-signal', 'KILL', 'busybox', 'sleep', '1000');
    await cli.out('stop', name);
    await cli.out('start', name);
    await cli.out('kill', name);
    const soon = String(Math.floor(Date.now() / 1000) + 1);
    const format = '{{.Action}}{{with .Actor.Attributes.signal}} {{.}}{{end}}';
    const told = await cli.out(
      ...['events', '--since', '1h', '--until', soon, '--filter', `container=${name}`, '--format', format],
    );
    assert.deepEqual(told.split('\n'), [
      'create',
      'start',
      'kill 9',
      'die',
      'stop',
      'start',
      'kill 9',
      'die',
    ]);
    await cli.out('rm', name);
  });

  it('--stop-signal is what stop sends', async () => {
    const name = unique('usr1');
    await cli.out(
      'run',
      '-d',
      '--stop-signal',
      'USR1',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'trap "exit 11" USR1; echo ready; while :; do sleep 0.05; done',
    );
    await trapIsSet(name);
    await cli.out('stop', name);
    assert.equal(await state(name, 'ExitCode'), '11');
    await cli.out('rm', name);
  });

  it('kill -s sends any signal', async () => {
    const name = unique('hup');
    await cli.out(
      'run',
      '-d',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'trap "exit 12" HUP; echo ready; while :; do sleep 0.05; done',
    );
    await trapIsSet(name);
    await cli.out('kill', '-s', 'HUP', name);
    assert.equal(await cli.out('wait', name), '12');
    const again = await cli.run(['kill', name]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is not running/);
    await cli.out('rm', name);
  });

  it('restart starts a new process', async () => {
    const name = unique('restart');
    await cli.out('run', '-d', '--name', name, ...obedient);
    await trapIsSet(name);
    const before = await state(name, 'Pid');
    await cli.out('restart', name);
    const after = await state(name, 'Pid');
    assert.notEqual(before, after);
    assert.equal(await state(name, 'Running'), 'true');
    await cli.out('rm', '-f', name);
  });

  it('pause holds the processes, unpause lets them go on', async () => {
    const name = unique('pause');
    await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    await cli.out('pause', name);
    assert.equal(await state(name, 'Status'), 'paused');
    const refused = await cli.run(['exec', name, 'true']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is paused/);
    await cli.out('unpause', name);
    assert.equal(await cli.out('exec', name, 'echo', 'alive'), 'alive');
    await cli.out('rm', '-f', name);
  });

  it('rm refuses what runs, and names what does not exist', async () => {
    const name = unique('running');
    await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    const running = await cli.run(['rm', name]);
    assert.equal(running.code, 1);
    assert.match(running.stderr, /cannot remove|You cannot remove a running container/);
    const missing = await cli.run(['rm', 'no-such-container']);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /No such container: no-such-container/i);
    await cli.out('rm', '-f', name);
  });

  it('rm -v removes the anonymous volumes of a container, and not its named ones', async () => {
    const [name, volume] = [unique('volumes'), unique('kept')];
    await cli.out('create', '--name', name, '-v', '/anonymous', '-v', `${volume}:/named`, 'busybox');
    const mounted = await cli.out(
      'inspect',
      '--format',
      '{{range .Mounts}}{{.Destination}} {{.Name}}{{"\\n"}}{{end}}',
      name,
    );
    const anonymous = /^\/anonymous ([0-9a-f]{64})$/m.exec(mounted)?.[1] ?? '';
    assert.match(mounted, new RegExp(`^/named ${volume}$`, 'm'));
    const volumes = async (): Promise<string[]> => (await cli.out('volume', 'ls', '--quiet')).split('\n');
    assert.ok((await volumes()).includes(anonymous));
    await cli.out('rm', '-v', name);
    assert.ok(!(await volumes()).includes(anonymous));
    assert.ok((await volumes()).includes(volume));
    await cli.out('volume', 'rm', volume);
  });

  it('wait prints the code of each container, in order, also of one that has exited', async () => {
    const [first, second] = [unique('first'), unique('second')];
    await cli.run(['run', '--name', first, 'busybox', 'sh', '-c', 'exit 4']);
    await cli.out(
      'run',
      '-d',
      '--name',
      second,
      'busybox',
      'sh',
      '-c',
      'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await trapIsSet(second);
    const waiting = cli.out('wait', first, second);
    await cli.out('stop', second);
    assert.equal(await waiting, '4\n5');
    await cli.out('rm', first, second);
  });

  it('start -a shows the output and ends with the code', async () => {
    const name = unique('attached');
    await cli.out('create', '--name', name, 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 6');
    const { code, stdout, stderr } = await cli.run(['start', '-a', name]);
    assert.deepEqual({ code, stdout, stderr }, { code: 6, stdout: 'out\n', stderr: 'err\n' });
    await cli.out('rm', name);
  });

  it('a command for several containers does what it can and names what it cannot', async () => {
    const [one, two] = [unique('one'), unique('two')];
    for (const name of [one, two]) await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    const { code, stdout, stderr } = await cli.run(['rm', '-f', one, 'no-such-container', two]);
    assert.equal(stdout, `${one}\n${two}\n`);
    // Forced, a container that is not there is what was wanted.
    assert.equal(code, 0, stderr);
    const stop = await cli.run(['stop', one]);
    assert.equal(stop.code, 1);
    assert.match(stop.stderr, new RegExp(`No such container: ${one}`));
  });

  it('rename takes effect at once', async () => {
    const [before, after] = [unique('old'), unique('new')];
    const id = await cli.out('create', '--name', before, 'busybox');
    await cli.out('rename', before, after);
    assert.equal(await cli.out('inspect', '--format', '{{.Id}}', after), id);
    assert.equal((await cli.run(['inspect', before])).code, 1);
    await cli.out('rm', after);
  });

  it('ids can be shortened as long as they are unambiguous', async () => {
    const id = await cli.out('create', 'busybox');
    assert.equal(await cli.out('inspect', '--format', '{{.Id}}', id.slice(0, 8)), id);
    await cli.out('rm', id.slice(0, 12));
  });

  it('wait answers for several containers', async () => {
    const names = [1, 2, 3].map(() => unique('several'));
    for (const [index, name] of names.entries()) {
      await cli.out('run', '-d', '--name', name, 'busybox', 'sh', '-c', `exit ${index}`);
    }
    assert.equal(await cli.out('wait', ...names), '0\n1\n2');
    await cli.out('rm', ...names);
  });

  it('--restart on-failure starts again as often as it says', async () => {
    const name = unique('policy');
    await cli.out(
      'run',
      '-d',
      '--restart',
      'on-failure:2',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'echo run; exit 1',
    );
    await waitFor(
      'the last attempt',
      async () =>
        (await cli.out('inspect', '--format', '{{.RestartCount}} {{.State.Status}}', name)) === '2 exited',
    );
    assert.equal(await cli.out('logs', name), 'run\nrun\nrun');
    await cli.out('rm', name);
  });

  it('--restart always brings back what dies, until it is stopped', async () => {
    const name = unique('always');
    await cli.out('run', '-d', '--restart', 'always', '--name', name, 'busybox', 'sleep', '1000');
    const before = await state(name, 'Pid');
    process.kill(Number(before), 'SIGKILL');
    await waitFor('a new process', async () => {
      const pid = await state(name, 'Pid');
      return pid !== before && pid !== '0';
    });
    await cli.out('stop', '-t', '0', name);
    assert.equal(await state(name, 'Running'), 'false');
    await cli.out('rm', name);
  });

  it('top lists the processes of a container', async () => {
    const name = unique('top');
    await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '4321');
    assert.match(await cli.out('top', name), /^UID\s+PID[\s\S]*sleep 4321$/);
    await cli.out('rm', '-f', name);
  });
});
