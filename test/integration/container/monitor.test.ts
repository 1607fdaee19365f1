import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('top and stats', ({ cli, unique }) => {
  test('top lists the processes of the container alone, in the columns asked for', async () => {
    const name = unique('top');
    await cli.out('run', '--detach', '--name', name, 'busybox', 'sh', '-c', 'sleep 1000 & sleep 2000');
    const commands = async (): Promise<string> => {
      const [header, ...lines] = (await cli.out('top', name, '-eo', 'pid,args')).split('\n');
      assert.match(header ?? '', /^PID +COMMAND/);
      return lines
        .map((line) => line.trim().replace(/^\d+ +/, ''))
        .sort()
        .join();
    };
    // The shell becomes the last command.
    await waitFor('both processes', async () => (await commands()) === 'sleep 1000,sleep 2000');
    assert.match(await cli.out('top', name), /^UID +PID +PPID/);
    await cli.out('rm', '--force', name);
  });

  test('top tells what is wrong with ps’s options, and what does not run', async () => {
    const name = unique('top');
    await cli.out('run', '--detach', '--name', name, 'busybox', 'sleep', '1000');
    const options = await cli.run(['top', name, '-o', 'cmd']);
    assert.equal(options.code, 1);
    assert.match(options.stderr, /Couldn't find PID field in ps output/);
    await cli.out('kill', name);
    await cli.out('wait', name);
    const stopped = await cli.run(['top', name]);
    assert.match(stopped.stderr, /is not running/);
    await cli.out('rm', name);
  });

  test('stats has the limit that was set and counts processes', async () => {
    const name = unique('stats');
    const script = 'sleep 1000 & sleep 1000';
    await cli.out('run', '--detach', '--memory', '64m', '--name', name, 'busybox', 'sh', '-c', script);
    const format = '{{.Name}} {{.MemUsage}} {{.PIDs}}';
    const expected = new RegExp(`^${name} [\\d.]+(KiB|MiB) / 64MiB 2$`);
    await waitFor('the sample', async () =>
      expected.test(await cli.out('stats', '--no-stream', '--format', format, name)),
    );
    await cli.out('rm', '--force', name);
  });

  test('stats of a container that does not exist', async () => {
    const { code, stderr } = await cli.run(['stats', '--no-stream', 'no-such-container']);
    assert.equal(code, 1);
    assert.match(stderr, /No such container: no-such-container/);
  });
});
