import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('health checks', ({ cli, unique }) => {
  const healthOf = (name: string): Promise<string> =>
    cli.out('inspect', '--format', '{{.State.Health.Status}} {{.State.Health.FailingStreak}}', name);

  test('a container becomes healthy, unhealthy and healthy again', async () => {
    const name = unique('health');
    await cli.out(
      ...[
        'run',
        '--detach',
        '--name',
        name,
        '--health-cmd',
        'cat /tmp/well && echo fine',
        '--health-interval',
        '100ms',
      ],
      ...['--health-retries', '2', 'busybox', 'sleep', '1000'],
    );
    await waitFor('it is unhealthy', async () => (await healthOf(name)).startsWith('unhealthy'));
    assert.match(
      await cli.out('ps', '--filter', `name=${name}`, '--format', '{{.Status}}'),
      /\(unhealthy\)$/,
    );
    await cli.out('exec', name, 'touch', '/tmp/well');
    await waitFor('it is healthy', async () => (await healthOf(name)) === 'healthy 0');
    assert.equal(await cli.out('ps', '--filter', 'health=healthy', '--format', '{{.Names}}'), name);
    const log = JSON.parse(await cli.out('inspect', '--format', '{{json .State.Health.Log}}', name));
    assert.equal(log.at(-1).ExitCode, 0);
    assert.equal(log.at(-1).Output, 'fine\n');
    await cli.out('exec', name, 'rm', '/tmp/well');
    await waitFor('it is unhealthy', async () => (await healthOf(name)).startsWith('unhealthy'));
    await cli.out('rm', '--force', name);
  });

  test('a check that hangs is ended and counts as failed', async () => {
    const name = unique('health');
    await cli.out(
      ...['run', '--detach', '--name', name, '--health-cmd', 'exec sleep 4321', '--health-interval', '50ms'],
      ...['--health-timeout', '200ms', '--health-retries', '1', 'busybox', 'sleep', '1000'],
    );
    await waitFor('it is unhealthy', async () => (await healthOf(name)).startsWith('unhealthy'));
    const log = JSON.parse(await cli.out('inspect', '--format', '{{json .State.Health.Log}}', name));
    assert.equal(log[0].ExitCode, -1);
    assert.match(log[0].Output, /exceeded timeout \(200ms\)/);
    await cli.out('pause', name);
    await waitFor('no check is left running', async () => {
      const processes = await cli.out('top', name, '-eo', 'pid,args');
      return processes.split('sleep 4321').length <= 2;
    });
    await cli.out('rm', '--force', name);
  });

  test('a check of the image is inherited and can be switched off', async () => {
    const name = unique('health');
    await cli.out(
      'run',
      '--detach',
      '--name',
      name,
      '--health-cmd',
      'true',
      '--health-interval',
      '100ms',
      'busybox',
      'sleep',
      '1000',
    );
    const image = unique('image');
    await cli.out('commit', name, image);
    await cli.out('rm', '--force', name);
    await cli.out('run', '--detach', '--name', name, image, 'sleep', '1000');
    await waitFor('it is healthy', async () => (await healthOf(name)) === 'healthy 0');
    await cli.out('rm', '--force', name);
    await cli.out('run', '--detach', '--name', name, '--no-healthcheck', image, 'sleep', '1000');
    assert.equal(await cli.out('inspect', '--format', '{{.State.Health}}', name), '<nil>');
    await cli.out('rm', '--force', name);
    await cli.out('rmi', image);
  });
});
