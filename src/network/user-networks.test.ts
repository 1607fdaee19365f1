import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, suite, test } from 'node:test';
import type { NetworkRequest } from '#network/network.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { refused } from '#network/testing/refused.ts';
import {
  attachRequest,
  networkRequest,
  startTestDaemon,
  type TestContainer,
} from '#network/testing/test-daemon.ts';
import { listLinks } from '#sys/netlink-link.ts';
import { readSysctl, writeSysctl } from '#sys/sysctl.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

/** Long enough for an answer on this machine, short enough to wait for none. */
const brief = { timeoutMs: 300 };

async function addNetwork(name: string, change?: Partial<NetworkRequest>) {
  return (await daemon.service.create(networkRequest(name, change))).network;
}

function connect(container: TestContainer, name: string, network: string, priority = 0) {
  return daemon.service.connect({
    container: { id: container.id, name, hostname: '', nameServers: [] },
    sandbox: container.sandbox,
    endpoint: { network, gatewayPriority: priority },
    ports: [],
  });
}

function inside(container: TestContainer, ...command: string[]): string {
  return execFileSync('nsenter', [`--net=${container.sandbox.path}`, ...command], { encoding: 'utf8' });
}

function defaultDevice(container: TestContainer, family = '-4'): string | undefined {
  return /^default .*dev (\S+)/m.exec(inside(container, 'ip', family, 'route'))?.[1];
}

await host.neighbour.serve(80, 'neighbour');
await addNetwork('alpha');
await addNetwork('beta');
const onAlpha = await daemon.run('a', [{ hostPort: 8001 }], [{ network: 'alpha' }]);
await onAlpha.serve(80, 'a');
const alsoAlpha = await daemon.run('a2', [], [{ network: 'alpha' }]);
const onBeta = await daemon.run('b', [], [{ network: 'beta' }]);
await onBeta.serve(80, 'b');

suite('containers of two networks', () => {
  test('reach their siblings and the outside, but not each other', async () => {
    assert.equal(
      await alsoAlpha.ask(onAlpha.endpoint.ipv4.address, 80),
      `a ${alsoAlpha.endpoint.ipv4.address}`,
    );
    assert.equal(await onBeta.ask(host.neighbourAddress, 80), `neighbour ${host.address}`);
    assert.equal(await onBeta.ask(onAlpha.endpoint.ipv4.address, 80, brief), 'timeout');
    assert.equal(await onAlpha.ask(onBeta.endpoint.ipv4.address, 80, brief), 'timeout');
  });
  test('reach each other’s published ports, seen with their own address', async () => {
    assert.equal(await onBeta.ask(host.address, 8001), `a ${onBeta.endpoint.ipv4.address}`);
    assert.equal(await host.neighbour.ask(host.address, 8001), `a ${host.neighbourAddress}`);
  });
});

suite('connecting a running container', () => {
  test('lets it reach the other network, and disconnecting ends it', async () => {
    const endpoint = await connect(onAlpha, 'a', 'beta');
    assert.equal(endpoint.interfaceName, 'eth1');
    assert.equal(await onAlpha.ask(onBeta.endpoint.ipv4.address, 80), `b ${endpoint.ipv4.address}`);
    assert.equal(await onBeta.ask(endpoint.ipv4.address, 80), `a ${onBeta.endpoint.ipv4.address}`);
    assert.equal(defaultDevice(onAlpha), 'eth0');
    await daemon.service.disconnect(onAlpha.id, daemon.service.get('beta').id, onAlpha.sandbox);
    assert.ok(!inside(onAlpha, 'ip', 'link').includes('eth1'));
    assert.equal(await onAlpha.ask(onBeta.endpoint.ipv4.address, 80, brief), 'timeout');
    await refused(
      daemon.service.disconnect(onAlpha.id, daemon.service.get('beta').id, onAlpha.sandbox),
      'NotFound',
      /is not connected to network beta/,
    );
  });

  test('moves the default route and the published ports to the network that comes first', async () => {
    const endpoint = await connect(onAlpha, 'a', 'beta', 1);
    assert.equal(defaultDevice(onAlpha), 'eth1');
    assert.equal(await host.neighbour.ask(host.address, 8001), `a ${host.neighbourAddress}`);
    const table = execFileSync('nft', ['list', 'map', 'inet', 'dhwt', 'published_anywhere'], {
      encoding: 'utf8',
    });
    assert.ok(table.includes(`8001 : ${endpoint.ipv4.address} . 80`), table);
    await daemon.service.disconnect(onAlpha.id, endpoint.networkId, onAlpha.sandbox);
    assert.equal(defaultDevice(onAlpha), 'eth0');
    assert.equal(await host.neighbour.ask(host.address, 8001), `a ${host.neighbourAddress}`);
  });

  test('twice to one network is refused, and changes nothing', async () => {
    await refused(
      connect(onAlpha, 'a', 'alpha'),
      'Forbidden',
      /endpoint with name a already exists in network alpha/,
    );
    await refused(connect(onAlpha, 'a', 'host'), 'InvalidParameter', /host or none/);
    assert.equal(daemon.service.endpointsOf(onAlpha.id).length, 1);
  });

  test('without any network left its ports are given back, and come again with the next one', async () => {
    await daemon.service.disconnect(onAlpha.id, daemon.service.get('alpha').id, onAlpha.sandbox);
    assert.deepEqual(daemon.service.portsOf(onAlpha.id), []);
    assert.equal(await host.neighbour.ask(host.address, 8001), 'ECONNREFUSED');
    await daemon.service.connect({
      container: { id: onAlpha.id, name: 'a', hostname: '', nameServers: [] },
      sandbox: onAlpha.sandbox,
      endpoint: { network: 'alpha' },
      ports: attachRequest('a', onAlpha.sandbox, [{ hostPort: 8001 }]).ports,
    });
    assert.equal(await host.neighbour.ask(host.address, 8001), `a ${host.neighbourAddress}`);
  });
});

suite('a container that starts on several networks', () => {
  test('has an interface on each, and one default route of each family', async () => {
    await addNetwork('six', { ipv6: true });
    await addNetwork('closed', { internal: true });
    const container = await daemon.run(
      'multi',
      [],
      [{ network: 'closed', gatewayPriority: 9 }, { network: 'six' }, { network: 'beta' }],
    );
    const endpoints = daemon.service.endpointsOf(container.id);
    assert.deepEqual(
      endpoints.map(({ networkName, interfaceName }) => [networkName, interfaceName]),
      [
        ['closed', 'eth0'],
        ['six', 'eth1'],
        ['beta', 'eth2'],
      ],
    );
    assert.equal(endpoints[0]?.ipv4.gateway, '');
    assert.deepEqual([defaultDevice(container), defaultDevice(container, '-6')], ['eth2', 'eth1']);
    await daemon.service.detach(container.id);
  });

  test('asks for addresses and names of interfaces', async () => {
    const pools = [
      { subnet: '10.51.0.0/24', auxiliary: {} },
      { subnet: 'fd51::/64', auxiliary: {} },
    ];
    await addNetwork('fixed', { ipv6: true, pools });
    const wish = {
      network: 'fixed',
      address: '10.51.0.77',
      address6: 'fd51::77',
      macAddress: '92:d0:c6:0a:29:33',
      linkLocalAddresses: ['169.254.7.7', 'fe80::77'],
      interfaceName: 'lan',
      sysctls: { 'net.ipv4.conf.IFNAME.log_martians': '1', 'net.ipv6.conf.IFNAME.hop_limit': '33' },
    };
    const container = await daemon.run('fixed', [], [wish]);
    const { ipv4, ipv6, macAddress } = container.endpoint;
    assert.deepEqual([ipv4.address, ipv6.address, macAddress], ['10.51.0.77', 'fd51::77', wish.macAddress]);
    const text = inside(container, 'ip', 'address', 'show', 'lan');
    for (const part of [
      '92:d0:c6:0a:29:33',
      '10.51.0.77/24',
      'fd51::77/64',
      '169.254.7.7/16',
      'fe80::77/64',
    ]) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
    const parameters = ['ipv4/conf/lan/log_martians', 'ipv6/conf/lan/hop_limit'];
    const values = parameters.map((name) => inside(container, 'cat', `/proc/sys/net/${name}`).trim());
    assert.deepEqual(values, ['1', '33']);
    const wrong: [object, string, RegExp][] = [
      [{ address: '10.51.0.77' }, 'Forbidden', /^Address already in use$/],
      [{ address: '10.51.0.1' }, 'Forbidden', /^Address already in use$/],
      [{ address: '10.52.0.1' }, 'InvalidParameter', /no configured subnet contains IP address 10\.52\.0\.1/],
      [{ address6: '10.51.0.9' }, 'InvalidParameter', /invalid IPv6 address/],
      [{ macAddress: '01:00:5e:00:00:01' }, 'InvalidParameter', /invalid MAC address/],
      [{ linkLocalAddresses: ['10.0.0.1'] }, 'InvalidParameter', /invalid link-local address/],
      [{ aliases: ['a b'] }, 'InvalidParameter', /invalid network alias/],
      [{ interfaceName: 'lo' }, 'InvalidParameter', /interface name "lo"/],
      [
        { sysctls: { 'net.ipv4.ip_forward': '1' } },
        'InvalidParameter',
        /must be of the form net\.ipv4\.conf\.IFNAME/,
      ],
      [
        { sysctls: { 'net.ipv4.conf.IFNAME.no_such': '1' } },
        'InvalidParameter',
        /cannot set the endpoint sysctl net\/ipv4\/conf\/eth0\/no_such to "1"/,
      ],
      [{ sysctls: { 'net.ipv4.conf.IFNAME.log_martians': '1\n' } }, 'InvalidParameter', /invalid value/],
    ];
    const links = listLinks(host.netlink).length;
    for (const [change, kind, words] of wrong) {
      await refused(daemon.run('other', [], [{ network: 'fixed', ...change }]), kind, words);
    }
    assert.equal(listLinks(host.netlink).length, links);
    assert.equal(daemon.service.membersOf(daemon.service.get('fixed').id).length, 1);
    await daemon.service.detach(container.id);
  });
});

suite('an internal network', () => {
  test('connects its containers with each other and with the host, and with nothing else', async () => {
    const network = await addNetwork('inner', { internal: true, ipv6: true });
    const one = await daemon.run('one', [{ hostPort: 8002 }], [{ network: 'inner' }]);
    await one.serve(80, 'one');
    const two = await daemon.run('two', [], [{ network: 'inner' }]);
    await host.local.serve(9000, 'host');
    assert.equal(await two.ask(one.endpoint.ipv4.address, 80), `one ${two.endpoint.ipv4.address}`);
    assert.equal(await two.ask(network.pools[0]?.gateway ?? '', 9000), `host ${two.endpoint.ipv4.address}`);
    assert.deepEqual(daemon.service.portsOf(one.id), []);
    for (const container of [one, two]) assert.equal(defaultDevice(container), undefined);
    inside(two, 'ip', 'route', 'add', 'default', 'via', network.pools[0]?.gateway ?? '');
    assert.equal(await two.ask(host.neighbourAddress, 80, brief), 'timeout');
    assert.equal(await two.ask(host.address, 8001, brief), 'timeout');
    // This one is relayed.
    assert.equal(await host.local.ask('::1', 8001), `a ${daemon.service.get('alpha').pools[0]?.gateway}`);
    assert.equal(await two.ask(network.pools[1]?.gateway ?? '', 8001, brief), 'timeout');
    assert.equal(await host.neighbour.ask(one.endpoint.ipv4.address, 80, brief), 'timeout');
    for (const { id } of [one, two]) await daemon.service.detach(id);
  });
});

suite('a network whose containers are kept apart', () => {
  for (const setting of ['0', '1']) {
    test(`with bridge-nf-call-iptables=${setting}: they reach the outside, but not each other`, async () => {
      writeSysctl('net/bridge/bridge-nf-call-iptables', setting);
      const options = { 'com.docker.network.bridge.enable_icc': 'false' };
      await addNetwork('apart', { options });
      const one = await daemon.run('one', [{ hostPort: 8003 }], [{ network: 'apart' }]);
      await one.serve(80, 'one');
      const two = await daemon.run('two', [], [{ network: 'apart' }]);
      assert.equal(await two.ask(host.neighbourAddress, 80), `neighbour ${host.address}`);
      assert.equal(await two.ask(one.endpoint.ipv4.address, 80, brief), 'timeout');
      assert.equal(await host.neighbour.ask(host.address, 8003), `one ${host.neighbourAddress}`);
      // With 1 the frame is translated on the bridge, which then keeps it from the other isolated port.
      if (setting === '0') assert.match(await two.ask(host.address, 8003), /^one /);
      for (const { id } of [one, two]) await daemon.service.detach(id);
      await daemon.service.remove('apart');
      writeSysctl('net/bridge/bridge-nf-call-iptables', '0');
    });
  }
});

suite('a network with IPv6', () => {
  test('lets its containers talk to each other and out by IPv6, and keeps them from other networks', async () => {
    await addNetwork('dual', { ipv6: true });
    await addNetwork('only6', { ipv4: false, ipv6: true });
    const one = await daemon.run('one', [], [{ network: 'dual' }]);
    await one.serve(80, 'one', 'tcp', '::');
    const two = await daemon.run('two', [], [{ network: 'dual' }]);
    const three = await daemon.run('three', [], [{ network: 'only6' }]);
    assert.equal(three.endpoint.ipv4.address, '');
    assert.equal(await two.ask(one.endpoint.ipv6.address, 80), `one ${two.endpoint.ipv6.address}`);
    assert.equal(await three.ask(one.endpoint.ipv6.address, 80, brief), 'timeout');
    assert.equal(readSysctl('net/ipv6/conf/all/forwarding'), '1');
    await host.local.serve(9006, 'host', 'tcp', '::');
    assert.equal(await two.ask(two.endpoint.ipv6.gateway, 9006), `host ${two.endpoint.ipv6.address}`);
    execFileSync('ip', ['-6', 'address', 'add', 'fd99::1/64', 'dev', 'eth0', 'nodad']);
    const far = await host.addNeighbour('10.99.0.6');
    const enter = `--net=${far.path}`;
    const script =
      'echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip -6 address add fd99::6/64 dev eth0 nodad';
    execFileSync('nsenter', [enter, 'sh', '-ec', script]);
    await far.peer.serve(80, 'far', 'tcp', '::');
    assert.equal(await two.ask('fd99::6', 80), 'far fd99::1');
    for (const { id } of [one, two, three]) await daemon.service.detach(id);
  });
});

suite('after a restart', () => {
  test('containers on several networks keep everything', async () => {
    const names = ['beta', 'six'];
    const container = await daemon.run(
      'kept',
      [{ hostPort: 8005 }],
      names.map((network) => ({ network, aliases: ['alias'] })),
    );
    await container.serve(80, 'kept');
    const before = daemon.service.endpointsOf(container.id);
    await daemon.restart([container, onAlpha, onBeta]);
    assert.deepEqual(daemon.service.endpointsOf(container.id), before);
    assert.deepEqual(before[0]?.names, ['kept', 'alias', container.id.slice(0, 12)]);
    assert.equal(await host.neighbour.ask(host.address, 8005), `kept ${host.neighbourAddress}`);
    assert.equal(await container.ask(onBeta.endpoint.ipv4.address, 80), `b ${before[0]?.ipv4.address}`);
    await daemon.service.disconnect(container.id, daemon.service.get('six').id, container.sandbox);
    assert.equal(daemon.service.endpointsOf(container.id).length, 1);
  });
});
