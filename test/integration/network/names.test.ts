import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

const sleeper = ['busybox', 'sleep', '1000'];

describeEngine('network › names', ({ cli, unique }) => {
  const [network, other] = [unique('net'), unique('other')];
  const [web, client, stranger] = [unique('web'), unique('client'), unique('stranger')];
  const addressOf = (container: string): Promise<string> =>
    cli.out('inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, container);
  const lookUp = (container: string, name: string): Promise<string> =>
    cli.out('exec', container, 'sh', '-c', `nslookup ${name} 2>&1 || true`);

  before(async () => {
    for (const name of [network, other]) await cli.out('network', 'create', name);
    await cli.out('run', '-d', '--name', web, '--network', network, '--network-alias', 'db', ...sleeper);
    await cli.out('run', '-d', '--name', client, '--network', network, ...sleeper);
    await cli.out('run', '-d', '--name', stranger, '--network', other, ...sleeper);
  });
  after(async () => {
    await cli.out('rm', '-f', web, client, stranger);
    await cli.out('network', 'rm', network, other);
  });

  it('containers find each other by name, alias and id', async () => {
    const address = await addressOf(web);
    const id = await cli.out('inspect', '--format', '{{slice .Id 0 12}}', web);
    for (const name of [web, 'db', id, `${web}.${network}`]) {
      assert.match(await lookUp(client, name), new RegExp(`Address:? .*${address}`), name);
    }
    assert.match(await cli.out('exec', client, 'ping', '-c', '1', '-W', '2', web), /1 packets received/);
  });

  it('but not those of another network', async () => {
    assert.doesNotMatch(await lookUp(stranger, web), new RegExp(await addressOf(web)));
  });

  it('and addresses lead to names', async () => {
    assert.match(await lookUp(client, await addressOf(web)), new RegExp(`name = ${web}\\.${network}`));
  });

  it('a container that joins is found by its new aliases, and not after it has left', async () => {
    await cli.out('network', 'connect', '--alias', 'guest', network, stranger);
    assert.match(await lookUp(client, 'guest'), new RegExp(await addressOf(stranger)));
    assert.match(await lookUp(stranger, web), new RegExp(await addressOf(web)));
    const address = await addressOf(stranger);
    await cli.out('network', 'disconnect', network, stranger);
    assert.doesNotMatch(await lookUp(client, 'guest'), new RegExp(address));
  });

  it('resolv.conf names the resolver, and keeps search domains and options', async () => {
    const text = await cli.out(
      ...['run', '--rm', '--network', network, '--dns', '192.0.2.53', '--dns-search', 'example.test'],
      ...['--dns-option', 'timeout:1', 'busybox', 'cat', '/etc/resolv.conf'],
    );
    const lines = text.split('\n').filter((line) => !line.startsWith('#') && line !== '');
    assert.deepEqual(lines.sort(), [
      'nameserver 127.0.0.11',
      'options timeout:1 ndots:0',
      'search example.test',
    ]);
  });

  it('a container with the host’s network has the host’s name servers, also those on its loopback', async () => {
    const servers = (text: string): string[] => text.split('\n').filter((line) => /^nameserver\s/.test(line));
    const text = await cli.out('run', '--rm', '--network', 'host', 'busybox', 'cat', '/etc/resolv.conf');
    assert.deepEqual(servers(text), servers(fs.readFileSync('/etc/resolv.conf', 'utf8')));
  });
});
