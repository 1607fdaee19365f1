import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, suite, test } from 'node:test';
import type { NetworkRequest } from '#network/network.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { refused } from '#network/testing/refused.ts';
import {
  networkRequest,
  startTestDaemon,
  type TestContainer,
  testSettings,
} from '#network/testing/test-daemon.ts';
import { hasCode } from '#sys/libc.ts';
import { deleteLink, findLink, listLinks } from '#sys/netlink-link.ts';
import type { NetlinkRequest } from '#sys/netlink-message.ts';
import { newDummy, newIpvlan, newVlan } from '#sys/netlink-shared-links.ts';

const host = enterPrivateHost();
const far = await host.addFarMachine(1, 'veth');
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

async function addNetwork(name: string, change: Partial<NetworkRequest>) {
  return (await daemon.service.create(networkRequest(name, change))).network;
}

/** Not every kernel is built with every driver; `test/vm/run` has one that is. */
function without(kind: string, request: NetlinkRequest): { skip?: string } {
  try {
    host.netlink.request([request, deleteLink('probe')], kind);
    return {};
  } catch (error) {
    if (!hasCode(error, 'EOPNOTSUPP')) throw error;
    return { skip: `this kernel has no ${kind}` };
  }
}
const parent = findLink(host.netlink, 'eth1')?.index ?? 0;
const withoutDummy = without('dummy', newDummy({ name: 'probe' }));
const withoutVlan = without('vlan', newVlan({ name: 'probe', parent, id: 9 }));
const withoutIpvlan = without('ipvlan', newIpvlan({ name: 'probe', parent, mode: 'l2', flag: 'bridge' }));

async function leave(...containers: TestContainer[]): Promise<void> {
  for (const each of containers) {
    await daemon.service.detach(each.id);
    await each[Symbol.asyncDispose]();
    await each.sandbox[Symbol.asyncDispose]();
  }
}

function inside(container: TestContainer, ...command: string[]): string {
  return execFileSync('nsenter', [`--net=${container.sandbox.path}`, ...command], { encoding: 'utf8' });
}

/** The route for everything, as `ip` writes it. */
function defaultRoute(container: TestContainer): string {
  return (
    inside(container, 'ip', '-4', 'route')
      .split('\n')
      .find((line) => line.startsWith('default')) ?? ''
  );
}

/** The network of eth1, with its machine as the gateway. */
const lan = [{ subnet: '10.98.1.0/24', gateway: '10.98.1.2', range: '10.98.1.64/26', auxiliary: {} }];
await far.serve(80, 'far');

suite('a macvlan network', () => {
  test('puts its containers on the network of an interface', async () => {
    const options = { parent: 'eth1', 'com.docker.network.driver.mtu': '1300' };
    await addNetwork('lan', { driver: 'macvlan', options, pools: lan });
    await addNetwork('beta', {});
    const one = await daemon.run('one', [], [{ network: 'lan' }]);
    const two = await daemon.run('two', [], [{ network: 'lan' }]);
    await one.serve(80, 'one');
    assert.equal(one.endpoint.ipv4.address, '10.98.1.64');
    assert.equal(await two.ask('10.98.1.64', 80), 'one 10.98.1.65');
    assert.equal(await two.ask('10.98.1.2', 80), 'far 10.98.1.65');
    assert.match(inside(one, 'ip', 'link', 'show', 'eth0'), /mtu 1300/);
    assert.match(defaultRoute(one), /^default via 10\.98\.1\.2 dev eth0/);
    await daemon.service.connect({
      container: { id: one.id, name: 'one', hostname: '', nameServers: [] },
      sandbox: one.sandbox,
      endpoint: { network: 'beta' },
      ports: [],
    });
    await daemon.service.disconnect(one.id, daemon.service.get('lan').id, one.sandbox);
    assert.ok(!inside(one, 'ip', 'link').includes('eth0'));
    assert.match(defaultRoute(one), /dev eth1/);
    await leave(one, two);
    for (const name of ['lan', 'beta']) await daemon.service.remove(name);
    assert.ok(findLink(host.netlink, 'eth1'), 'a parent that was there stays');
  });

  test('gives a container that starts again the address that it had, as soon as its former interface is gone', async () => {
    await addNetwork('lan', { driver: 'macvlan', options: { parent: 'eth1' }, pools: lan });
    const fixed = { network: 'lan', address: '10.98.1.77' };
    const former = await daemon.run('fixed', [], [fixed]);
    await daemon.service.detach(former.id);
    const next = daemon.run('fixed', [], [fixed]);
    await former.sandbox[Symbol.asyncDispose]();
    assert.equal(await (await next).ask('10.98.1.2', 80), 'far 10.98.1.77');
    await leave(await next);
    await daemon.service.remove('lan');
  });

  for (const mode of ['private', 'vepa']) {
    test(`in mode ${mode} keeps its containers from each other`, async () => {
      const options = { parent: 'eth1', macvlan_mode: mode };
      await addNetwork('lan', { driver: 'macvlan', options, pools: lan });
      const one = await daemon.run('one', [], [{ network: 'lan' }]);
      const two = await daemon.run('two', [], [{ network: 'lan' }]);
      await one.serve(80, 'one');
      assert.match(inside(one, 'ip', '-d', 'link', 'show', 'eth0'), new RegExp(`macvlan mode ${mode}`));
      assert.notEqual(await two.ask(one.endpoint.ipv4.address, 80, { timeoutMs: 300 }), 'one 10.98.1.65');
      assert.match(await two.ask('10.98.1.2', 80), /^far /);
      await leave(one, two);
      await daemon.service.remove('lan');
    });
  }

  test('on a bridge port is refused in words that tell why', async () => {
    const [port] = listLinks(host.netlink).filter((link) => link.name.startsWith('lan'));
    assert.ok(port);
    await addNetwork('lan', { driver: 'macvlan', options: { parent: port.name } });
    await refused(
      daemon.run('one', [], [{ network: 'lan' }]),
      'Conflict',
      /cannot share .*: it is a bridge port, or shared in another way/,
    );
    await daemon.service.remove('lan');
  });

  test('without a parent connects its containers with each other only', withoutDummy, async () => {
    const network = await addNetwork('closed', { driver: 'macvlan' });
    assert.equal(network.interfaceName, `dm-${network.id.slice(0, 12)}`);
    const link = () => findLink(host.netlink, network.interfaceName ?? '');
    assert.deepEqual([link()?.kind, link()?.up], ['dummy', true]);
    const one = await daemon.run('one', [], [{ network: 'closed' }]);
    const two = await daemon.run('two', [], [{ network: 'closed' }]);
    await one.serve(80, 'one');
    assert.equal(await two.ask(one.endpoint.ipv4.address, 80), `one ${two.endpoint.ipv4.address}`);
    await leave(one, two);
    host.netlink.request([deleteLink(network.interfaceName ?? '')], 'as a reboot does');
    await daemon.restart([]);
    assert.equal(link()?.alias, `dhow ${testSettings.table}`);
    await daemon.service.remove('closed');
    assert.equal(link(), undefined);
  });

  test(
    'on a VLAN that is not there makes it, and takes it away with the last network',
    withoutVlan,
    async () => {
      const options = { parent: 'eth1.50' };
      await addNetwork('one', { driver: 'macvlan', options, pools: lan });
      await addNetwork('two', { driver: 'macvlan', options });
      const link = () => findLink(host.netlink, 'eth1.50');
      assert.deepEqual([link()?.kind, link()?.up], ['vlan', true]);
      const container = await daemon.run('tagged', [], [{ network: 'one' }]);
      assert.equal(container.endpoint.ipv4.address, '10.98.1.64');
      await daemon.service.detach(container.id);
      await daemon.service.remove('one');
      assert.ok(link());
      await daemon.service.remove('two');
      assert.equal(link(), undefined);
    },
  );
});

suite('an ipvlan network', withoutIpvlan, () => {
  test('puts its containers on the network of an interface, with its hardware address', async () => {
    await addNetwork('lan', { driver: 'ipvlan', options: { parent: 'eth1' }, pools: lan });
    const one = await daemon.run('one', [], [{ network: 'lan' }]);
    const two = await daemon.run('two', [], [{ network: 'lan' }]);
    await one.serve(80, 'one');
    assert.equal(await two.ask(one.endpoint.ipv4.address, 80), `one ${two.endpoint.ipv4.address}`);
    assert.equal(await two.ask('10.98.1.2', 80), `far ${two.endpoint.ipv4.address}`);
    assert.equal(one.endpoint.macAddress, '');
    assert.match(inside(one, 'ip', '-d', 'link', 'show', 'eth0'), /ipvlan +mode l2 bridge/);
    assert.match(defaultRoute(one), /^default via 10\.98\.1\.2 dev eth0/);
    await refused(
      daemon.run('other', [], [{ network: 'lan', macAddress: '02:00:00:00:00:07' }]),
      'InvalidParameter',
      /ipvlan interfaces do not support custom mac address assignment/,
    );
    await leave(one, two);
    await daemon.service.remove('lan');
  });

  for (const mode of ['l3', 'l3s']) {
    test(`in mode ${mode} has its parent route, also between networks`, async () => {
      const options = { parent: 'eth1', ipvlan_mode: mode };
      await addNetwork('north', { driver: 'ipvlan', options });
      await addNetwork('south', { driver: 'ipvlan', options });
      const one = await daemon.run('one', [], [{ network: 'north' }]);
      const two = await daemon.run('two', [], [{ network: 'south' }]);
      await one.serve(80, 'one');
      assert.match(defaultRoute(one), /^default dev eth0/);
      assert.equal(one.endpoint.ipv4.gateway, '');
      assert.equal(await two.ask(one.endpoint.ipv4.address, 80), `one ${two.endpoint.ipv4.address}`);
      await leave(one, two);
      for (const name of ['north', 'south']) await daemon.service.remove(name);
    });
  }
});

test('a network on an interface that vanishes is reported, and the daemon goes on', async () => {
  execFileSync('ip', ['link', 'add', 'gone0', 'type', 'veth', 'peer', 'name', 'gone1']);
  await addNetwork('lan', { driver: 'macvlan', options: { parent: 'gone0' } });
  host.netlink.request([deleteLink('gone0')], 'gone0');
  await daemon.restart([]);
  assert.match(daemon.warnings.join('\n'), /the interface that a network shares is missing.*"network":"lan"/);
  await refused(
    daemon.run('one', [], [{ network: 'lan' }]),
    'InvalidParameter',
    /no interface gone0 to share/,
  );
  await daemon.service.remove('lan');
});
