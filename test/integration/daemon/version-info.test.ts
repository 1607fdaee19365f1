import assert from 'node:assert/strict';
import os from 'node:os';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('version and info', ({ cli, engine, unique }) => {
  it('version tells of both ends', async () => {
    const shown = await cli.out('version');
    assert.match(shown, /^Client:/m);
    assert.match(shown, /^Server:/m);
    assert.match(shown, /^ {1,2}API version: +\d+\.\d+ \(minimum version \d+\.\d+\)$/m);
    assert.equal(await cli.out('version', '--format', '{{.Server.Os}}'), 'linux');
    assert.equal(await cli.out('version', '--format', '{{.Server.KernelVersion}}'), os.release());
    assert.match(await cli.out('version', '--format', '{{.Client.APIVersion}}'), /^\d+\.\d+$/);
  });

  it('version tells of the client although no daemon answers, and fails', async () => {
    const host = `unix://${engine().directory}/nobody.sock`;
    const { code, stdout, stderr } = await cli.run(['--host', host, 'version'], {
      environment: { DOCKER_HOST: '' },
    });
    assert.equal(code, 1);
    assert.match(stdout, /^Client:/m);
    assert.doesNotMatch(stdout, /^Server:/m);
    assert.match(stderr, /Cannot connect to the (Docker|Dhow) daemon/);
  });

  it('info counts containers and images', async () => {
    const [running, paused, created] = [unique('running'), unique('paused'), unique('created')];
    for (const name of [running, paused])
      await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    await cli.out('pause', paused);
    await cli.out('create', '--name', created, 'busybox');
    const format =
      '{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}} {{.Images}}';
    assert.equal(await cli.out('info', '--format', format), '3 1 1 1 1');
    await cli.out('rm', '-f', running, paused, created);
    assert.equal(await cli.out('info', '--format', format), '0 0 0 0 1');
  });

  it('info tells of the host', async () => {
    assert.equal(
      await cli.out('info', '--format', '{{.NCPU}} {{.MemTotal}}'),
      `${os.cpus().length} ${os.totalmem()}`,
    );
    assert.equal(
      await cli.out('info', '--format', '{{.Name}} {{.OSType}} {{.KernelVersion}}'),
      `${os.hostname()} linux ${os.release()}`,
    );
    const shown = await cli.out('info');
    assert.match(shown, /^ Storage Driver: overlay2?$/m);
    assert.match(shown, /^ Cgroup Version: [12]$/m);
    if (cli.name === 'dhow') assert.match(shown, /^ Firewall Backend: nftables$/m);
    assert.equal(await cli.out('info', '--format', '{{.FirewallBackend.Driver}}'), 'nftables');
    assert.match(shown, /^ {2}Network: .*bridge/m);
    assert.match(shown, new RegExp(`^ Docker Root Dir: ${engine().directory}/data`, 'm'));
  });
});
