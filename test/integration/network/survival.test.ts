import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { freePorts } from '../../support/free-port.ts';

describe('network › a daemon that is killed', () => {
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    daemon = await startDaemon();
    docker = daemon.cli('docker');
    await importBase(daemon);
    await docker.out('network', 'create', '--label', 'kept', 'net');
    for (const name of ['web', 'client']) {
      await docker.out('run', '-d', '--name', name, '--network', 'net', 'busybox', 'sleep', '1000');
    }
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  it('leaves networks and names to the next one', async () => {
    const before = await docker.out('network', 'inspect', 'net');
    await daemon.kill9();
    await daemon.start();
    assert.equal(await docker.out('network', 'inspect', 'net'), before);
    assert.match(
      await docker.out('exec', 'client', 'ping', '-c', '1', '-W', '2', 'web'),
      /1 packets received/,
    );
  });

  it('lets running containers be disconnected and connected by the next one', async () => {
    await daemon.kill9();
    await daemon.start();
    await docker.out('network', 'disconnect', 'net', 'web');
    assert.doesNotMatch(await docker.out('exec', 'web', 'ip', 'link'), /eth0/);
    await docker.out('network', 'connect', '--alias', 'again', 'net', 'web');
    assert.match(
      await docker.out('exec', 'client', 'ping', '-c', '1', '-W', '2', 'again'),
      /1 packets received/,
    );
  });

  it('leaves ports that were changed while a container ran', async () => {
    const [dhow, first] = [daemon.cli('dhow'), await freePorts(2)];
    const publish = ['-p', `127.0.0.1:${first}:80`];
    await docker.out('run', '-d', '--name', 'live', ...publish, 'busybox', 'sleep', '1000');
    const change = ['--publish-add', `127.0.0.1:${first + 1}:80`, '--publish-rm', `${first}:80`];
    await dhow.out('update', ...change, 'live');
    await daemon.kill9();
    await daemon.start();
    const published = `80/tcp -> 127.0.0.1:${first + 1}`;
    assert.equal(await docker.out('port', 'live'), published);
    await docker.out('restart', '-t', '0', 'live');
    assert.equal(await docker.out('port', 'live'), published);
    await docker.out('rm', '-f', 'live');
  });

  it('leaves nothing of a network that is removed afterwards', async () => {
    await docker.out('rm', '-f', 'web', 'client');
    await daemon.kill9();
    await daemon.start();
    await docker.out('network', 'rm', 'net');
    assert.equal(await docker.out('network', 'ls', '--quiet', '--filter', 'type=custom'), '');
  });
});
