import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('run --read-only', ({ cli, engine, unique }) => {
  it('nothing but volumes, binds and tmpfs can be written', async () => {
    const mounts = ['-v', '/volume', '-v', `${engine().directory}:/bound`, '--tmpfs', '/scratch'];
    const script =
      'for place in / /etc /tmp /volume /bound /scratch /dev/shm; do touch $place/x 2>/dev/null && echo $place; rm -f $place/x; done';
    assert.equal(
      await cli.out('run', '--rm', '--read-only', ...mounts, 'busybox', 'sh', '-c', script),
      '/volume\n/bound\n/scratch\n/dev/shm',
    );
  });

  it('cp refuses to write to the root, and not to a volume', async () => {
    const [container, file] = [unique('readonly'), '/etc/hostname'];
    await cli.out(
      'run',
      '-d',
      '--read-only',
      '--name',
      container,
      '-v',
      '/volume',
      'busybox',
      'sleep',
      '1000',
    );
    const { code, stderr } = await cli.run(['cp', file, `${container}:/tmp/`]);
    assert.equal(code, 1);
    assert.match(stderr, /container rootfs is marked read-only/);
    await cli.out('cp', file, `${container}:/volume/`);
    assert.equal(await cli.out('exec', container, 'ls', '/volume'), 'hostname');
    await cli.out('rm', '-f', '-v', container);
  });
});
