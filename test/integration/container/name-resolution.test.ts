import assert from 'node:assert/strict';
import fs from 'node:fs';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('container › names', ({ cli, unique }) => {
  const read = (file: string, ...options: string[]): Promise<string> =>
    cli.out('run', '--rm', ...options, 'busybox', 'cat', file);

  it('resolv.conf names the servers of the host', async () => {
    const servers = (text: string): string[] =>
      text.split('\n').filter((line) => /^nameserver (?!127\.|::1)/.test(line));
    const host = servers(fs.readFileSync('/etc/resolv.conf', 'utf8'));
    const expected = host.length > 0 ? host : ['nameserver 8.8.8.8', 'nameserver 8.8.4.4'];
    assert.deepEqual(servers(await read('/etc/resolv.conf')), expected);
  });

  it('--dns, --dns-search and --dns-option replace them', async () => {
    const text = await read(
      '/etc/resolv.conf',
      '--dns',
      '192.0.2.53',
      '--dns-search',
      'example.test',
      '--dns-option',
      'ndots:3',
    );
    assert.deepEqual(
      text
        .split('\n')
        .filter((line) => !line.startsWith('#') && line !== '')
        .sort(),
      ['nameserver 192.0.2.53', 'options ndots:3', 'search example.test'],
    );
  });

  it('the hosts file has the container’s own name and address, and --add-host', async () => {
    const name = unique('hosts');
    await cli.out('run', '-d', '--name', name, '--add-host', 'other:192.0.2.7', 'busybox', 'sleep', '1000');
    const address = await cli.out(
      'inspect',
      '--format',
      '{{.NetworkSettings.Networks.bridge.IPAddress}}',
      name,
    );
    const id = await cli.out('inspect', '--format', '{{slice .Id 0 12}}', name);
    const hosts = await cli.out('exec', name, 'cat', '/etc/hosts');
    assert.match(hosts, /^127\.0\.0\.1\s+localhost$/m);
    assert.match(hosts, /^192\.0\.2\.7\s+other$/m);
    assert.match(hosts, new RegExp(`^${address}\\s+${id}$`, 'm'));
    assert.match(await cli.out('exec', name, 'ping', '-c', '1', '-W', '2', id), /1 packets received/);
    await cli.out('rm', '-f', name);
  });

  it('host-gateway is the host as seen from the container', async () => {
    assert.match(
      await read('/etc/hosts', '--add-host', 'host.docker.internal:host-gateway'),
      /^\d+\.\d+\.\d+\.\d+\s+host\.docker\.internal$/m,
    );
  });

  it('--mac-address and the gateway are as inspect says', async () => {
    const name = unique('mac');
    await cli.out(
      'run',
      '-d',
      '--name',
      name,
      '--mac-address',
      '02:42:ac:11:aa:bb',
      'busybox',
      'sleep',
      '1000',
    );
    assert.equal(await cli.out('exec', name, 'cat', '/sys/class/net/eth0/address'), '02:42:ac:11:aa:bb');
    const gateway = await cli.out(
      'inspect',
      '--format',
      '{{.NetworkSettings.Networks.bridge.Gateway}}',
      name,
    );
    assert.match(
      await cli.out('exec', name, 'ip', 'route'),
      new RegExp(`^default via ${gateway.replaceAll('.', '\\.')} `),
    );
    await cli.out('rm', '-f', name);
  });

  it('changes of the files within the container stay in the container', async () => {
    const name = unique('edit');
    await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    await cli.out('exec', name, 'sh', '-c', 'echo 192.0.2.9 added >> /etc/hosts');
    assert.match(await cli.out('exec', name, 'cat', '/etc/hosts'), /192\.0\.2\.9 added/);
    assert.doesNotMatch(fs.readFileSync('/etc/hosts', 'utf8'), /192\.0\.2\.9/);
    await cli.out('rm', '-f', name);
  });
});
