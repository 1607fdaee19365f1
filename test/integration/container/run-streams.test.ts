import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('run › streams', ({ cli, unique }) => {
  it('keeps standard output and error apart', async () => {
    const { stdout, stderr } = await cli.run([
      'run',
      '--rm',
      'busybox',
      'sh',
      '-c',
      'echo out; echo err >&2',
    ]);
    assert.equal(stdout, 'out\n');
    assert.equal(stderr, 'err\n');
  });

  it('-i passes standard input on, and its end', async () => {
    const { stdout } = await cli.run(['run', '-i', '--rm', 'busybox', 'cat'], {
      input: 'line one\nline two',
    });
    assert.equal(stdout, 'line one\nline two');
  });

  it('-i goes on printing after the end of standard input', async () => {
    const { stdout } = await cli.run(
      [
        'run',
        '-i',
        '--rm',
        'busybox',
        'sh',
        '-c',
        'cat >/dev/null; for i in 1 2 3; do echo after $i; sleep 0.1; done',
      ],
      { input: 'x' },
    );
    assert.equal(stdout, 'after 1\nafter 2\nafter 3\n');
  });

  it('without -i the process reads an empty standard input', async () => {
    const { stdout } = await cli.run(['run', '--rm', 'busybox', 'sh', '-c', 'cat; echo end'], {
      input: 'ignored',
    });
    assert.equal(stdout, 'end\n');
  });

  it('10 MB go through in both directions unchanged', async () => {
    const bytes = randomBytes(10 << 20);
    const input = bytes.toString('base64');
    const { stdout, code } = await cli.run(['run', '-i', '--rm', 'busybox', 'cat'], { input });
    assert.equal(code, 0);
    assert.equal(hash(stdout), hash(input));
  });

  it('100 MB of arbitrary bytes go through in both directions unchanged', async () => {
    const child = cli.start(['run', '-i', '--rm', 'busybox', 'cat']);
    const closed = once(child, 'close');
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    let receivedBytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      received.update(chunk);
      receivedBytes += chunk.length;
    });
    await pipeline(function* () {
      for (let index = 0; index < 100; index++) {
        const chunk = randomBytes(1 << 20);
        sent.update(chunk);
        yield chunk;
      }
    }, child.stdin);
    assert.deepEqual(await closed, [0, null]);
    assert.equal(receivedBytes, 100 << 20);
    assert.equal(received.digest('hex'), sent.digest('hex'));
  });

  it('10 MB of output that nobody asked for arrive in full', async () => {
    const { stdout } = await cli.run([
      'run',
      '--rm',
      'busybox',
      'sh',
      '-c',
      'yes 0123456789abcde | head -c 10485760',
    ]);
    assert.equal(stdout.length, 10 << 20);
    assert.equal(stdout, '0123456789abcde\n'.repeat((10 << 20) / 16));
  });

  it('a pipe that closes early ends the client and not the daemon', async () => {
    const name = unique('closed');
    const child = cli.start(['run', '--name', name, 'busybox', 'yes']);
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    child.stdout.destroy();
    child.kill('SIGKILL');
    await ended;
    assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', name), 'true');
    await cli.out('rm', '-f', name);
  });

  it('SIGTERM to the client reaches the process', async () => {
    const name = unique('signal');
    const child = cli.start([
      'run',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'trap "echo got it; exit 7" TERM; echo ready; while :; do sleep 0.05; done',
    ]);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await waitFor('the process to be ready', () => output.includes('ready'));
    child.kill('SIGTERM');
    const [code] = await once(child, 'close');
    assert.equal(output, 'ready\ngot it\n');
    assert.equal(code, 7);
    await cli.out('rm', name);
  });

  it('the third SIGINT ends a client whose process takes no notice, and leaves the process alone', async () => {
    const name = unique('deaf');
    const deaf = 'trap "" INT; echo ready; while :; do sleep 0.05; done';
    const child = cli.start(['run', '--name', name, 'busybox', 'sh', '-c', deaf]);
    await once(child.stdout, 'data');
    const closed = once(child, 'close');
    await waitFor('the client to end', () => !child.kill('SIGINT') || child.exitCode !== null);
    assert.equal((await closed)[0], 1);
    assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', name), 'true');
    await cli.out('rm', '-f', name);
  });

  it('attach joins a running container', async () => {
    const name = unique('attach');
    await cli.out(
      'run',
      '-d',
      '-i',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'read line; echo "read $line"; exit 3',
    );
    // Standard input stays open: docker's CLI may leave before the answer when it ends first.
    const child = cli.start(['attach', name]);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stdin.write('hello\n');
    const [code] = await once(child, 'close');
    assert.equal(output, 'read hello\n');
    assert.equal(code, 3);
    await cli.out('rm', name);
  });

  it('the end of a client with -i is the end of standard input, that of one who only looks is not', async () => {
    const name = unique('once');
    const owner = cli.start(['run', '-i', '--name', name, 'busybox', 'cat']);
    let output = '';
    owner.stdout.on('data', (chunk) => {
      output += chunk;
    });
    owner.stdin.write('one\n');
    await waitFor('the echo', () => output === 'one\n');

    const watcher = cli.start(['attach', '--no-stdin', name]);
    let watched = '';
    watcher.stdout.on('data', (chunk) => {
      watched += chunk;
    });
    // It has joined when it hears something.
    await waitFor('the watcher to hear', () => {
      owner.stdin.write('two\n');
      return watched.includes('two\n');
    });
    watcher.kill('SIGKILL');
    await once(watcher, 'close');
    owner.stdin.write('three\n');
    await waitFor('the echo', () => output.endsWith('three\n'));
    assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', name), 'true');

    owner.kill('SIGKILL');
    await once(owner, 'close');
    assert.equal(await cli.out('wait', name), '0');
    await cli.out('rm', name);
  });

  it('a container of run -d -i keeps its standard input open for whoever attaches', async () => {
    const name = unique('open');
    await cli.out('run', '-d', '-i', '--name', name, 'busybox', 'cat');
    for (const word of ['first', 'second']) {
      const child = cli.start(['attach', name]);
      let output = '';
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      child.stdin.write(`${word}\n`);
      await waitFor('the echo', () => output === `${word}\n`);
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', name), 'true');
    await cli.out('rm', '-f', name);
  });

  it('start -ai attaches to a created container before its first output', async () => {
    const name = unique('start');
    await cli.out('create', '-i', '--name', name, 'busybox', 'sh', '-c', 'echo first; cat; exit 5');
    const { code, stdout } = await cli.run(['start', '-a', '-i', name], { input: 'second\n' });
    assert.equal(stdout, 'first\nsecond\n');
    assert.equal(code, 5);
    await cli.out('rm', name);
  });
});

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
