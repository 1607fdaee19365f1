import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('logs', ({ cli, unique }) => {
  it('keep standard output and error apart, in order', async () => {
    const name = unique('both');
    await cli.run(['run', '--name', name, 'busybox', 'sh', '-c', 'echo one; echo two >&2; echo three']);
    const { stdout, stderr } = await cli.run(['logs', name]);
    assert.equal(stdout, 'one\nthree\n');
    assert.equal(stderr, 'two\n');
    await cli.out('rm', name);
  });

  it('--tail shows the end, --timestamps when', async () => {
    const name = unique('tail');
    await cli.run(['run', '--name', name, 'busybox', 'seq', '1', '2000']);
    assert.equal(await cli.out('logs', '--tail', '3', name), '1998\n1999\n2000');
    assert.equal((await cli.out('logs', name)).split('\n').length, 2000);
    assert.match(
      await cli.out('logs', '-n', '1', '-t', name),
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 2000$/,
    );
    await cli.out('rm', name);
  });

  it('--since and --until choose by time', async () => {
    const name = unique('since');
    await cli.run(['run', '--name', name, 'busybox', 'sh', '-c', 'echo early; sleep 1.2; echo late']);
    const [early = '', late = ''] = (await cli.out('logs', '-t', name))
      .split('\n')
      .map((line) => line.split(' ')[0]);
    assert.equal(await cli.out('logs', '--since', late, name), 'late');
    assert.equal(await cli.out('logs', '--until', early, name), 'early');
    await cli.out('rm', name);
  });

  it('-f follows until the container ends', async () => {
    const name = unique('follow');
    await cli.out(
      'run',
      '-d',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'trap "echo end; exit" TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done',
    );
    const child = cli.start(['logs', '-f', name]);
    const closed = once(child, 'close');
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await waitFor('some lines', () => output.includes('line 5\n'));
    await cli.out('stop', name);
    const [code] = await closed;
    assert.equal(code, 0);
    const lines = output.trim().split('\n');
    assert.equal(lines.pop(), 'end');
    assert.deepEqual(
      lines,
      lines.map((_, index) => `line ${index + 1}`),
    );
    await cli.out('rm', name);
  });

  it('a line without end and one of 100 kB are kept as they are', async () => {
    const name = unique('long');
    await cli.run([
      'run',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'head -c 100000 /dev/zero | tr "\\0" x; echo; printf unfinished',
    ]);
    const { stdout } = await cli.run(['logs', name]);
    assert.equal(stdout, `${'x'.repeat(100_000)}\nunfinished`);
    await cli.out('rm', name);
  });

  it('100 MB come whole and once, however slowly they are read, and never hold the container', async () => {
    const name = unique('large');
    const lines = 100_000;
    const size = ['--log-opt', 'max-size=300m'];
    const script = `awk 'BEGIN { for (i = 1; i <= ${lines}; i++) printf "%0999d\\n", i }'`;
    await cli.out('run', '-d', '--name', name, ...size, 'busybox', 'sh', '-c', script);
    const child = cli.start(['logs', '-f', name]);
    const closed = once(child, 'close');
    const iterator = child.stdout[Symbol.asyncIterator]();
    const first = await iterator.next();
    // Nothing more is read until the container has ended.
    assert.equal(await cli.out('wait', name), '0');
    let expected = 0;
    let rest = '';
    const check = (chunk: Buffer): void => {
      const found = (rest + chunk.toString('latin1')).split('\n');
      rest = found.pop() ?? '';
      for (const line of found) {
        expected += 1;
        if (Number(line) !== expected || line.length !== 999) assert.fail(`line ${expected} is ${line}`);
      }
    };
    check(first.value);
    for await (const chunk of { [Symbol.asyncIterator]: () => iterator }) check(chunk);
    assert.deepEqual(await closed, [0, null]);
    assert.equal(rest, '');
    assert.equal(expected, lines);
    await cli.out('rm', name);
  });

  it('of a terminal are its raw output', async () => {
    const name = unique('tty');
    await cli.out('run', '-d', '-t', '--name', name, 'busybox', 'echo', 'on a terminal');
    await cli.out('wait', name);
    const { stdout } = await cli.run(['logs', name]);
    assert.equal(stdout, 'on a terminal\r\n');
    await cli.out('rm', name);
  });
});
