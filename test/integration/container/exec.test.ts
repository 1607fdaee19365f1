import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('exec', ({ cli, unique }) => {
  const name = unique('exec');
  before(() =>
    cli.out('run', '-d', '--name', name, '-e', 'A=container', '-w', '/tmp', 'busybox', 'sleep', '1000'),
  );
  after(() => cli.out('rm', '-f', name));

  it('runs in the container: its files, environment, and working directory', async () => {
    assert.equal(
      await cli.out('exec', name, 'sh', '-c', 'pwd; echo $A; echo made > file; cat /proc/1/comm'),
      '/tmp\ncontainer\nsleep',
    );
    assert.equal(await cli.out('exec', name, 'cat', '/tmp/file'), 'made');
  });

  it('takes its own variables, directory and user', async () => {
    assert.equal(
      await cli.out(
        'exec',
        '-e',
        'A=exec',
        '-w',
        '/etc',
        '-u',
        'alice',
        name,
        'sh',
        '-c',
        'echo $A; pwd; id -un',
      ),
      'exec\n/etc\nalice',
    );
  });

  it('ends with the code of the process', async () => {
    assert.equal((await cli.run(['exec', name, 'sh', '-c', 'exit 23'])).code, 23);
  });

  it('ends with 127 and 126 for what cannot be run', async () => {
    assert.equal((await cli.run(['exec', name, 'no-such-program'])).code, 127);
    assert.equal((await cli.run(['exec', name, '/etc/passwd'])).code, 126);
    assert.equal((await cli.run(['exec', '--user', 'nobody-knows', name, 'true'])).code, 126);
  });

  it('ends with them in a terminal too, and says why', async () => {
    for (const [program, code, words] of [
      ['no-such-program', 127, /executable file not found in \$PATH/],
      ['/etc/passwd', 126, /permission denied/],
    ] as const) {
      const told = await cli.run(['exec', '-t', name, program]);
      assert.equal(told.code, code);
      assert.match(told.stdout, words);
      await using terminal = cli.terminal(['exec', '-it', name, program]);
      const before = terminal.attributes();
      assert.equal(await terminal.exit(), code);
      assert.equal(terminal.attributes(), before);
    }
    assert.equal((await cli.run(['exec', '-d', name, 'no-such-program'])).code, 1);
  });

  it('gives no user the /dev/null of the host', async () => {
    const { uid, gid } = fs.statSync('/dev/null');
    const owner = `${uid + 1234}:${gid + 1234}`;
    const input = ['readlink', '/proc/self/fd/0'];
    assert.match(await cli.out('exec', '--user', owner, name, ...input), /^pipe:/);
    await cli.out('exec', '-d', '--user', owner, name, 'true');
    const health = ['--health-cmd', 'test -p /proc/self/fd/0', '--health-interval', '1s'];
    const probed = unique('probed');
    await cli.out('run', '-d', '--name', probed, '--user', owner, ...health, 'busybox', 'sleep', '1000');
    const status = ['inspect', '--format', '{{.State.Health.Status}}', probed];
    await waitFor('health', async () => (await cli.out(...status)) === 'healthy');
    await cli.out('rm', '-f', probed);
    const now = fs.statSync('/dev/null');
    assert.deepEqual([now.uid, now.gid], [uid, gid]);
  });

  it('-i passes standard input on', async () => {
    const { stdout } = await cli.run(['exec', '-i', name, 'sh', '-c', 'cat; echo "<end>"'], {
      input: 'text',
    });
    assert.equal(stdout, 'text<end>\n');
  });

  it('-d does not wait', async () => {
    const { code, stdout } = await cli.run([
      'exec',
      '-d',
      name,
      'sh',
      '-c',
      'mkfifo /tmp/gate; cat /tmp/gate > /tmp/passed',
    ]);
    assert.equal(code, 0);
    assert.equal(stdout, '');
    assert.equal(
      await cli.out(
        'exec',
        name,
        'sh',
        '-c',
        'until [ -p /tmp/gate ]; do :; done; echo through > /tmp/gate; until [ -s /tmp/passed ]; do :; done; cat /tmp/passed',
      ),
      'through',
    );
  });

  it('5 MB of output arrive in full', async () => {
    const { stdout } = await cli.run(['exec', name, 'sh', '-c', 'yes 0123456789abcde | head -c 5242880']);
    assert.equal(stdout.length, 5 << 20);
  });

  it('is refused where nothing runs', async () => {
    const stopped = unique('stopped');
    await cli.out('create', '--name', stopped, 'busybox');
    const { code, stderr } = await cli.run(['exec', stopped, 'true']);
    assert.equal(code, 1);
    assert.match(stderr, /is not running/);
    await cli.out('rm', stopped);
  });

  it('goes with the container', async () => {
    const victim = unique('victim');
    await cli.out('run', '-d', '--name', victim, 'busybox', 'sleep', '1000');
    const running = cli.run(['exec', victim, 'sleep', '1000']);
    const bothRun = 'until [ $(cat /proc/[0-9]*/comm | grep -c sleep) = 2 ]; do :; done';
    await cli.out('exec', victim, 'sh', '-c', bothRun);
    await cli.out('kill', victim);
    assert.equal((await running).code, 137);
    await cli.out('rm', victim);
  });
});
