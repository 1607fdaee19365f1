import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, suite, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { refused } from '#network/testing/refused.ts';
import { networkRequest, startTestDaemon, testSettings } from '#network/testing/test-daemon.ts';
import { findLink, listLinks, newBridge, setAlias } from '#sys/netlink-link.ts';
import { listAddresses } from '#sys/netlink-route.ts';
import { readSysctl } from '#sys/sysctl.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});
const { service } = daemon;
// The first network with IPv6 switches forwarding on, for good.
await service.create(networkRequest('first', { ipv6: true }));
await service.remove('first');

function bridges(): string[] {
  return listLinks(host.netlink)
    .filter((link) => link.kind === 'bridge' && link.name !== 'eth0')
    .map((link) => link.name)
    .sort();
}

function rules(): string {
  return execFileSync('nft', ['list', 'table', 'inet', testSettings.table], { encoding: 'utf8' });
}

suite('creating a network', () => {
  test('makes a bridge with the gateway’s addresses; removing it leaves nothing', async () => {
    const before = { bridges: bridges(), rules: rules() };
    const { network, warnings } = await service.create(networkRequest('plain', { ipv6: true }));
    assert.deepEqual(warnings, []);
    assert.equal(network.interfaceName, `br-${network.id.slice(0, 12)}`);
    assert.deepEqual(
      network.pools.map(({ subnet, gateway }) => [subnet.split('/')[1], gateway?.slice(-1)]),
      [
        ['22', '1'],
        ['64', '1'],
      ],
    );
    const bridge = findLink(host.netlink, network.interfaceName ?? '');
    assert.ok(bridge?.up);
    const addresses = listAddresses(host.netlink).filter((each) => each.interfaceIndex === bridge.index);
    // The kernel adds a link-local one.
    const given = addresses.filter(({ address }) => address[0] !== 0xfe);
    assert.deepEqual(given.map(({ address }) => address.length).sort(), [16, 4]);
    assert.deepEqual(service.get('plain'), network);
    assert.deepEqual(service.get(network.id.slice(0, 8)), network);
    await service.remove('plain');
    assert.deepEqual({ bridges: bridges(), rules: rules() }, before);
    await refused(service.remove('plain'), 'NotFound', /network plain not found/);
  });

  test('obeys every option', async () => {
    const options = {
      'com.docker.network.bridge.name': 'custom0',
      'com.docker.network.driver.mtu': '1400',
      'com.docker.network.container_iface_prefix': 'net',
      'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1',
    };
    const pool = {
      subnet: '10.50.0.0/24',
      range: '10.50.0.128/30',
      gateway: '10.50.0.254',
      auxiliary: { router: '10.50.0.129' },
    };
    const { network } = await service.create(networkRequest('custom', { options, pools: [pool] }));
    assert.deepEqual(network.pools, [pool]);
    assert.deepEqual(network.options, options);
    assert.equal(findLink(host.netlink, 'custom0')?.mtu, 1400);
    assert.equal(readSysctl('net/ipv6/conf/custom0/disable_ipv6'), '1');
    const web = await daemon.run('web', [{ hostPort: 8090 }], [{ network: 'custom' }]);
    assert.equal(web.endpoint.ipv4.address, '10.50.0.128');
    assert.equal(web.endpoint.ipv4.gateway, '10.50.0.254');
    assert.equal(web.endpoint.interfaceName, 'net0');
    assert.equal(service.portsOf(web.id)[0]?.hostAddress, '127.0.0.1');
    const next = await daemon.run('next', [], [{ network: 'custom' }]);
    assert.equal(next.endpoint.ipv4.address, '10.50.0.130');
    await refused(
      service.remove('custom'),
      'Forbidden',
      /^error while removing network: network custom id [0-9a-f]{64} has active endpoints \(name:"web" id:"[0-9a-f]{12}", name:"next" id:"[0-9a-f]{12}"\)$/,
    );
    await service.detach(web.id);
    await service.detach(next.id);
    await service.remove('custom');
  });

  test('without a subnet gets one that neither a network nor the host has', async () => {
    const names = ['one', 'two', 'three'];
    const made = [];
    for (const name of names) made.push((await service.create(networkRequest(name))).network);
    const subnets = [service.get('bridge'), ...made].map((network) => network.pools[0]?.subnet);
    assert.equal(new Set(subnets).size, 4);
    for (const name of names) await service.remove(name);
  });

  test('with a subnet to which the host has a route is done with a warning', async () => {
    const pools = [{ subnet: '10.99.0.0/25', gateway: '10.99.0.9', auxiliary: {} }];
    const { warnings } = await service.create(networkRequest('clash', { pools }));
    assert.match(warnings.join(), /route to 10\.99\.0\.0\/24, which overlaps the subnet 10\.99\.0\.0\/25/);
    await service.remove('clash');
  });

  test('gives way when another program takes the chosen subnet at the same time', async () => {
    const { network: former } = await service.create(networkRequest('former'));
    await service.remove('former');
    const [pool] = former.pools;
    const address = ['address', `${pool?.gateway}/${pool?.subnet.split('/')[1]}`, 'dev', 'eth0'];
    const before = bridges();
    const { now } = daemon.clock;
    daemon.clock.now = () => {
      execFileSync('ip', address.toSpliced(1, 0, 'add'));
      daemon.clock.now = now;
      return now();
    };
    const { network } = await service.create(networkRequest('late'));
    assert.notEqual(network.pools[0]?.subnet, pool?.subnet);
    assert.equal(bridges().length, before.length + 1);
    execFileSync('ip', address.toSpliced(1, 0, 'delete'));
    await service.remove('late');
  });

  test('without a gateway takes the first address that has no other use', async () => {
    const auxiliary = { a: '10.61.0.1', b: '10.61.0.2', c: '10.61.0.128' };
    for (const [range, gateway] of [
      [undefined, '10.61.0.3'],
      ['10.61.0.128/25', '10.61.0.129'],
    ]) {
      const pools = [{ subnet: '10.61.0.0/24', auxiliary, ...(range ? { range } : {}) }];
      const { network } = await service.create(networkRequest('taken', { pools }));
      assert.equal(network.pools[0]?.gateway, gateway);
      await service.remove('taken');
    }
  });

  const pool = (change: object) => [{ subnet: '10.60.0.0/24', auxiliary: {}, ...change }];
  const wrong: [string, Parameters<typeof networkRequest>[1], string, RegExp][] = [
    [
      'host bits',
      { pools: pool({ subnet: '10.60.0.1/24' }) },
      'InvalidParameter',
      /it should be 10\.60\.0\.0\/24/,
    ],
    ['no subnet', { pools: pool({ subnet: 'all' }) }, 'InvalidParameter', /invalid subnet all/],
    ['a subnet too large', { pools: pool({ subnet: '0.0.0.0/0' }) }, 'InvalidParameter', /between 2 and 31/],
    ['a gateway elsewhere', { pools: pool({ gateway: '10.61.0.1' }) }, 'InvalidParameter', /invalid gateway/],
    ['a range elsewhere', { pools: pool({ range: '10.61.0.0/25' }) }, 'InvalidParameter', /invalid ip-range/],
    ['a range too large', { pools: pool({ range: '10.60.0.0/16' }) }, 'InvalidParameter', /invalid ip-range/],
    [
      'a stray auxiliary',
      { pools: pool({ auxiliary: { a: '::1' } }) },
      'InvalidParameter',
      /auxiliary address/,
    ],
    [
      'a gateway alone',
      { pools: [{ gateway: '10.60.0.1', auxiliary: {} }] },
      'InvalidParameter',
      /corresponding subnet/,
    ],
    [
      'two subnets',
      { pools: [...pool({}), ...pool({ subnet: '10.61.0.0/24' })] },
      'Unsupported',
      /one IPv4 subnet/,
    ],
    ['IPv6 without asking', { pools: pool({ subnet: 'fd00::/64' }) }, 'InvalidParameter', /add --ipv6/],
    ['no family', { ipv4: false, ipv6: false }, 'InvalidParameter', /must be enabled/],
    [
      'an unknown option',
      { options: { 'com.example.x': '1' } },
      'Unsupported',
      /"com.example.x" is not supported; known are/,
    ],
    [
      'a wrong MTU',
      { options: { 'com.docker.network.driver.mtu': '9' } },
      'InvalidParameter',
      /from 68 to 65535/,
    ],
    [
      'a wrong switch',
      { options: { 'com.docker.network.bridge.enable_icc': 'maybe' } },
      'InvalidParameter',
      /true or false/,
    ],
    [
      'a bridge that exists',
      { options: { 'com.docker.network.bridge.name': 'eth0' } },
      'Conflict',
      /has an interface eth0/,
    ],
    [
      'macvlan of an unknown mode',
      { driver: 'macvlan', options: { macvlan_mode: 'fast' } },
      'InvalidParameter',
      /"fast" of macvlan_mode: it must be one of private, vepa, bridge, passthru/,
    ],
    [
      'ipvlan on the loopback',
      { driver: 'ipvlan', options: { parent: 'lo' } },
      'InvalidParameter',
      /lo cannot be shared/,
    ],
    [
      'a VLAN of a wrong number',
      { driver: 'macvlan', options: { parent: 'eth0.4095' } },
      'InvalidParameter',
      /from 1 to 4094/,
    ],
    [
      'a template that is none',
      { madeFrom: 'bridge' },
      'NotFound',
      /configuration network "bridge" does not exist/,
    ],
    [
      'a template made from another one',
      { isTemplate: true, madeFrom: 'first' },
      'Forbidden',
      /cannot depend on another/,
    ],
    [
      'the broadcast address for a gateway',
      { pools: pool({ gateway: '10.60.0.255' }) },
      'InvalidParameter',
      /invalid gateway 10\.60\.0\.255: it is no address of a host/,
    ],
    [
      'a gateway that is an auxiliary address',
      { pools: pool({ gateway: '10.60.0.9', auxiliary: { router: '10.60.0.9' } }) },
      'InvalidParameter',
      /invalid gateway 10\.60\.0\.9: an auxiliary address has it, too/,
    ],
    [
      'a range that has no address for the gateway',
      { pools: pool({ range: '10.60.0.9/32', auxiliary: { router: '10.60.0.9' } }) },
      'InvalidParameter',
      /no address is left for the gateway/,
    ],
    ...['0.0.0.0/8', '127.5.0.0/16', '224.1.0.0/16', '::/127', 'ff02::/64'].map(
      (subnet): (typeof wrong)[number] => [
        `the subnet ${subnet}`,
        { ipv6: true, pools: pool({ subnet }) },
        'InvalidParameter',
        /is for no network of hosts/,
      ],
    ),
    [
      'an address of the host for its gateway',
      { pools: pool({ subnet: '10.99.0.0/25' }) },
      'Conflict',
      /the gateway of 10\.99\.0\.0\/25 would be an address that the host has on eth0/,
    ],
    [
      'packets too short for IPv6',
      { ipv6: true, options: { 'com.docker.network.driver.mtu': '1279' } },
      'InvalidParameter',
      /it must be at least 1280 in a network with IPv6/,
    ],
    [
      'a template of a wrong subnet',
      { isTemplate: true, pools: pool({ subnet: 'all' }) },
      'InvalidParameter',
      /invalid subnet all/,
    ],
    [
      'macvlan on nothing',
      { driver: 'macvlan', options: { parent: 'eth7' } },
      'InvalidParameter',
      /no interface eth7/,
    ],
  ];
  for (const [name, change, kind, words] of wrong) {
    test(`with ${name} is refused, and leaves nothing`, async () => {
      const before = { bridges: bridges(), rules: rules(), networks: service.list() };
      await refused(service.create(networkRequest('bad', change)), kind, words);
      assert.deepEqual({ bridges: bridges(), rules: rules(), networks: service.list() }, before);
    });
  }

  test('of a name or subnet that another has is refused', async () => {
    const pools = pool({});
    await service.create(networkRequest('first', { pools }));
    await refused(
      service.create(networkRequest('first')),
      'Conflict',
      /network with name first already exists/,
    );
    await refused(
      service.create(networkRequest('second', { pools: pool({ subnet: '10.60.0.128/25' }) })),
      'Forbidden',
      /Pool overlaps with other one on this address space/,
    );
    await service.remove('first');
  });

  for (const name of ['bridge', 'host', 'none']) {
    test(`of the name ${name} is refused, and so is its removal`, async () => {
      await refused(service.create(networkRequest(name)), 'Forbidden', /predefined/);
      await refused(service.remove(name), 'Forbidden', /is a pre-defined network and cannot be removed/);
    });
  }
  for (const name of ['', '-x', 'a b', 'x'.repeat(256), 'a\nb']) {
    test(`of the name ${JSON.stringify(name.slice(0, 9))} is refused`, () =>
      refused(service.create(networkRequest(name)), 'InvalidParameter', /invalid network name/));
  }
});

suite('a template', () => {
  test('gives its configuration to networks, takes no container, and stays while they exist', async () => {
    const before = bridges();
    const pools = [{ subnet: '10.60.0.0/24', gateway: '10.60.0.9', auxiliary: {} }];
    const template = { ipv4: true, ipv6: true, pools };
    const options = { 'com.docker.network.driver.mtu': '1400' };
    const labels = { tier: 'web' };
    const { network } = await service.create(
      networkRequest('plan', { isTemplate: true, ...template, options, labels }),
    );
    assert.deepEqual([network.driver, network.pools, network.template], ['none', [], template]);
    assert.deepEqual(bridges(), before);
    await refused(
      daemon.run('web', [], [{ network: 'plan' }]),
      'Forbidden',
      /cannot create endpoint on configuration-only network/,
    );
    const made = (await service.create(networkRequest('made', { madeFrom: 'plan' }))).network;
    assert.deepEqual([made.madeFrom, made.options, made.labels], ['plan', options, labels]);
    assert.deepEqual(made.pools[0], pools[0]);
    assert.match(made.pools[1]?.subnet ?? '', /^fd/);
    assert.equal(findLink(host.netlink, made.interfaceName ?? '')?.mtu, 1400);
    for (const change of [{ options }, { labels }, { pools }, { ipv6: true }]) {
      await refused(
        service.create(networkRequest('more', { madeFrom: 'plan', ...change })),
        'Forbidden',
        /are not supported if the network depends on a configuration network/,
      );
    }
    await refused(service.remove('plan'), 'Forbidden', /"plan" is in use by network made/);
    for (const name of ['made', 'plan']) await service.remove(name);
    assert.deepEqual(bridges(), before);
  });
});

suite('after a restart', () => {
  test('networks are what they were, and their bridges come back', async () => {
    const { network } = await service.create(
      networkRequest('kept', { ipv6: true, labels: { a: 'b' }, internal: true }),
    );
    execFileSync('ip', ['link', 'delete', network.interfaceName ?? '']);
    await daemon.restart([]);
    assert.deepEqual(daemon.service.get('kept'), network);
    assert.ok(bridges().includes(network.interfaceName ?? ''));
    await daemon.service.remove('kept');
  });

  test('a bridge whose network is gone goes too, but not another daemon’s', async () => {
    const make = (name: string, alias: string) => {
      host.netlink.request([newBridge({ name, macAddress: '02:00:00:00:00:09', mtu: 1500, group: 1 })], name);
      host.netlink.request([setAlias(findLink(host.netlink, name)?.index ?? 0, alias)], name);
    };
    make('left0', `dhow ${testSettings.table}`);
    make('other0', 'dhow other');
    await daemon.restart([]);
    assert.deepEqual(
      [findLink(host.netlink, 'left0'), findLink(host.netlink, 'other0')?.name],
      [undefined, 'other0'],
    );
  });

  test('a network that a route of the host overlaps by now moves, unless its subnet was asked for', async () => {
    const { network: chosen } = await daemon.service.create(networkRequest('chosen'));
    const pools = [{ subnet: '10.70.0.0/24', auxiliary: {} }];
    const { network: asked } = await daemon.service.create(networkRequest('asked', { pools }));
    for (const { interfaceName, pools } of [chosen, asked]) {
      execFileSync('ip', ['link', 'delete', interfaceName ?? '']);
      execFileSync('ip', ['route', 'add', pools[0]?.subnet ?? '', 'via', host.neighbourAddress]);
    }
    await daemon.restart([]);
    assert.notEqual(daemon.service.get('chosen').pools[0]?.subnet, chosen.pools[0]?.subnet);
    assert.equal(daemon.service.get('asked').pools[0]?.subnet, '10.70.0.0/24');
    for (const name of ['chosen', 'asked']) await daemon.service.remove(name);
  });
});
