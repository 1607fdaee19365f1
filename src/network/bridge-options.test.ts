import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, suite, test } from 'node:test';
import type { NetworkRecord, NetworkRequest } from '#network/network.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { refused } from '#network/testing/refused.ts';
import { networkRequest, startTestDaemon } from '#network/testing/test-daemon.ts';
import { findLink } from '#sys/netlink-link.ts';
import { listAddresses, newAddress } from '#sys/netlink-route.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

async function addNetwork(name: string, change: Partial<NetworkRequest>): Promise<NetworkRecord> {
  return (await daemon.service.create(networkRequest(name, change))).network;
}

/** The host's addresses on the bridge. */
function addressesOn({ interfaceName = '' }: NetworkRecord) {
  const bridge = findLink(host.netlink, interfaceName);
  assert.ok(bridge);
  return listAddresses(host.netlink).filter(({ interfaceIndex }) => interfaceIndex === bridge.index);
}

const isolated = Object.fromEntries(
  [4, 6].map((family) => [`com.docker.network.bridge.gateway_mode_ipv${family}`, 'isolated']),
);

suite('an isolated network', () => {
  test('connects its containers with each other, and not even with the host', async () => {
    const network = await addNetwork('alone', { internal: true, ipv6: true, options: isolated });
    assert.deepEqual(
      network.pools.map(({ gateway }) => gateway),
      [undefined, undefined],
    );
    assert.deepEqual(addressesOn(network), []);
    const one = await daemon.run('one', [], [{ network: 'alone' }]);
    await one.serve(80, 'one');
    const two = await daemon.run('two', [], [{ network: 'alone' }]);
    assert.equal(await two.ask(one.endpoint.ipv4.address, 80), `one ${two.endpoint.ipv4.address}`);
    await daemon.restart([one, two]);
    assert.deepEqual(daemon.service.get('alone').pools, network.pools);
    for (const { id } of [one, two]) await daemon.service.detach(id);
    await daemon.service.remove('alone');
  });

  test('is refused where the host would be missed', async () => {
    await refused(addNetwork('open', { options: isolated }), 'InvalidParameter', /add --internal/);
    const pools = [{ subnet: '10.97.0.0/24', gateway: '10.97.0.1', auxiliary: {} }];
    await refused(
      addNetwork('led', { internal: true, options: isolated, pools }),
      'InvalidParameter',
      /an isolated network has no gateway, but 10\.97\.0\.1 is given/,
    );
  });
});

suite('the address by which a network leaves the host', () => {
  test('is the one that it asks for', async () => {
    const index = findLink(host.netlink, 'eth0')?.index ?? 0;
    const address = { address: Buffer.of(10, 99, 0, 7), prefixLength: 24, interfaceIndex: index };
    host.netlink.request([newAddress(address)], 'another address');
    await host.neighbour.serve(80, 'neighbour');
    await addNetwork('behind', { options: { 'com.docker.network.host_ipv4': '10.99.0.7' } });
    const container = await daemon.run('behind', [], [{ network: 'behind' }]);
    assert.equal(await container.ask(host.neighbourAddress, 80), 'neighbour 10.99.0.7');
    const other = await daemon.run('other');
    assert.equal(await other.ask(host.neighbourAddress, 80), `neighbour ${host.address}`);
    await daemon.service.detach(other.id);
    await daemon.service.detach(container.id);
    await daemon.service.remove('behind');
  });
});

suite('a bridge on which the host is not the gateway', () => {
  test('has no address of IPv4, and containers another way out', async () => {
    const options = { 'com.docker.network.bridge.inhibit_ipv4': 'true' };
    const pools = [{ subnet: '10.97.0.0/24', gateway: '10.97.0.9', auxiliary: {} }];
    const network = await addNetwork('inhibited', { options, pools });
    assert.deepEqual(addressesOn(network), []);
    const container = await daemon.run('inhibited', [], [{ network: 'inhibited' }]);
    const routes = execFileSync('nsenter', [`--net=${container.sandbox.path}`, 'ip', 'route'], {
      encoding: 'utf8',
    });
    assert.match(routes, /^default via 10\.97\.0\.9 /);
    await daemon.service.detach(container.id);
    await daemon.service.remove('inhibited');
  });
});
