import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { describeCompose, obedient } from './describe-compose.ts';

describeCompose('compose › attached', ({ project }) => {
  it('shows all lines behind names, and ends with the containers', async () => {
    await using shop = project(`
services:
  one: { image: busybox, command: "sh -c 'echo out; echo err >&2; printf end'" }
  second: { image: busybox, command: echo hello }
`);
    const { code, stdout, stderr } = await shop.run(['up']);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(
      lines.filter((line) => line.startsWith('one-1     | ')),
      ['one-1     | out', 'one-1     | end'],
    );
    assert.ok(lines.includes('second-1  | hello'));
    assert.ok(lines.includes('one-1 exited with code 0'));
    assert.match(stderr, /^one-1 {5}\| err$/m);
  });

  it('stops all at Ctrl-C, kills at the second, and colours its prefixes', async () => {
    await using shop = project(`
services:
  web: { image: busybox, command: ${obedient('echo ready')} }
  deaf: { image: busybox, command: ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"], stop_grace_period: 1h }
`);
    await using terminal = shop.terminal('up');
    await waitFor(
      'both outputs',
      () => /\| .*ready/.test(terminal.screen) && /\| .*deaf/.test(terminal.screen),
    );
    assert.ok(terminal.screen.includes('\x1b[36m'));
    terminal.type('\x03');
    await terminal.expect(/Stopping…/);
    await waitFor('the stop of web', async () => (await shop.inspect('web-1', '.State.Status')) === 'exited');
    assert.equal(await shop.inspect('deaf-1', '.State.Status'), 'running');
    terminal.type('\x03');
    assert.equal(await terminal.exit(), 130);
    assert.equal(await shop.inspect('deaf-1', '.State.ExitCode'), '137');
    assert.equal(await shop.inspect('web-1', '.State.ExitCode'), '0');
  });

  it('Ctrl-C while it waits for a dependency stops what has begun', async () => {
    await using shop = project(`
services:
  web: { image: busybox, depends_on: { db: { condition: service_healthy } } }
  db: { image: busybox, command: ${obedient('echo up')}, healthcheck: { test: exit 1, interval: 1h } }
`);
    await using terminal = shop.terminal('up');
    await terminal.expect(/db-1 {2}Waiting/);
    terminal.type('\x03');
    assert.equal(await terminal.exit(), 130);
    assert.equal(await shop.inspect('db-1', '.State.Status'), 'exited');
    assert.equal(await shop.inspect('web-1', '.State.Status'), 'created');
  });

  it('ends with the exit code of a chosen service', async () => {
    await using shop = project(`
services:
  db: { image: busybox, command: ${obedient('echo db')} }
  tests: { image: busybox, command: sh -c 'exit 5', depends_on: [db] }
`);
    assert.equal((await shop.run(['up', '--exit-code-from', 'tests'])).code, 5);
    assert.equal(await shop.inspect('db-1', '.State.Status'), 'exited');
    assert.equal((await shop.run(['up', '--abort-on-container-exit'])).code, 5);
    assert.equal((await shop.run(['up', '--exit-code-from', 'nobody'])).code, 1);
    const alone = ['up', '--no-deps', '--abort-on-container-failure', 'tests'];
    assert.equal((await shop.run(alone)).code, 5);
  });

  it('logs: in the order of time, of some services, the last lines, followed to later starts', async () => {
    await using shop = project(`
services:
  first: { image: busybox, command: sh -c 'echo 1; sleep 0.2; echo 3' }
  second: { image: busybox, command: "sh -c 'sleep 0.1; echo 2; sleep 0.2; echo 4'" }
`);
    await shop.out('up', '-d');
    await shop.run(['wait', 'first', 'second']);
    const lines = await shop.out('logs', '--no-log-prefix');
    const own = (digits: RegExp): string =>
      lines
        .split('\n')
        .filter((line) => digits.test(line))
        .join();
    assert.equal(own(/[13]/), '1,3');
    assert.equal(own(/[24]/), '2,4');
    assert.equal(await shop.out('logs', '--tail', '1', 'first'), 'first-1  | 3');
    assert.match(await shop.out('logs', '-t', '--no-log-prefix', 'first'), /^\d{4}-\d\d-\d\dT[\d:.]+Z 1\n/);
    const follower = shop.start('logs', '--follow', '--tail', '0', 'first');
    const [output, closed] = [text(follower.stdout), once(follower, 'close')];
    assert.equal((await closed)[0], 0);
    assert.equal(await output, '');
  });

  it('logs -f goes on with what starts again', async () => {
    await using shop = project(`
services:
  long: { image: busybox, command: ${obedient('echo long')} }
  short: { image: busybox, command: echo short }
`);
    await shop.out('up', '-d');
    const follower = shop.start('logs', '--follow');
    const closed = once(follower, 'close');
    let output = '';
    follower.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    const count = (): number => output.split('short-1  | short\n').length - 1;
    try {
      await waitFor('the first lines', () => count() === 1 && output.includes('long'));
      await shop.out('start', 'short');
      await waitFor('the second run', () => count() === 2);
      await shop.out('stop');
      assert.equal((await closed)[0], 0);
      assert.equal(count(), 2);
    } finally {
      follower.kill();
    }
  });
});
