import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { parseIp, parseSubnet } from '#network/addresses/ip.ts';
import {
  bytesOfElement,
  type Element,
  elementsOfNetwork,
  elementsOfPort,
} from '#network/firewall/elements.ts';
import { renderRuleset } from '#network/firewall/ruleset.ts';
import { ensureGate, type Gate } from '#network/kernel/gate.ts';
import type { BridgeNetwork } from '#network/tables/networks.ts';
import type { PortTarget } from '#network/tables/port-targets.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { hasCode } from '#sys/libc.ts';
import { netlinkProtocols, openNetlink } from '#sys/netlink.ts';
import { changeSetElements } from '#sys/netlink-netfilter.ts';
import { createNftables, NftablesError } from '#sys/nftables.ts';

const host = enterPrivateHost();
const netfilter = openNetlink(netlinkProtocols.netfilter);
const nftables = createNftables();
after(async () => {
  netfilter.close();
  await host[Symbol.asyncDispose]();
});

function network(name: string, change: Partial<BridgeNetwork> = {}): BridgeNetwork {
  const pool = (text: string) => {
    const subnet = parseSubnet(text);
    assert.ok(subnet);
    return { subnet, range: undefined, gateway: 1n, auxiliary: {}, automatic: true, last: undefined };
  };
  return {
    id: name,
    name,
    driver: 'bridge',
    createdAt: 0,
    interfaceName: name,
    internal: false,
    attachable: false,
    options: {},
    labels: {},
    pools: { 4: pool('172.17.0.0/22'), 6: pool('fd00:1::/64') },
    template: undefined,
    madeFrom: undefined,
    ...change,
  };
}
const networks = [network('dhwt0')];
const addresses = { 4: parseIp('172.17.0.2') } as PortTarget['addresses'];
const ports: PortTarget[] = [
  { addresses, containerPort: 80, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080 },
  { addresses, containerPort: 53, protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 5353 },
  { addresses, containerPort: 9, protocol: 'sctp', hostAddress: '0.0.0.0', hostPort: 65535 },
  { addresses, containerPort: 80, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 1 },
  { addresses, containerPort: 80, protocol: 'tcp', hostAddress: '::', hostPort: 8080 },
  { addresses, containerPort: 80, protocol: 'tcp', hostAddress: 'fd99::1', hostPort: 1 },
];

const plain = (port: PortTarget) => elementsOfPort(port, false);
const bytes = (element: Element) => bytesOfElement(element, 'dhwt');

function ruleset(
  listed: readonly PortTarget[],
  dropStrangers: readonly (4 | 6)[] = [4, 6],
  gate?: Gate,
): string {
  return renderRuleset({
    table: 'dhwt',
    elements: [
      ...networks.flatMap(elementsOfNetwork),
      ...listed.flatMap((port) => elementsOfPort(port, gate !== undefined)),
    ],
    dropStrangers,
    otherBridges: ['br0', 'br1', 'docker0'],
    gate,
  });
}

/** The table as nft prints it, with its elements in one order and without handles. */
async function listTable(): Promise<string> {
  const text = await nftables.run('list ruleset');
  return text.replace(/ # handle \d+/g, '').replace(/elements = \{([^}]*)\}/g, (_, list: string) =>
    list
      .split(',')
      .map((item) => item.trim())
      .sort()
      .join(' '),
  );
}

suite('port elements', () => {
  test('added by netlink are the ones that the script renders; deleting takes them away', async () => {
    await nftables.run(ruleset(ports));
    const byScript = await listTable();
    await nftables.run(ruleset([]));
    const empty = await listTable();
    changeSetElements(netfilter, 'add', ports.flatMap(plain).map(bytes));
    assert.equal(await listTable(), byScript);
    changeSetElements(netfilter, 'delete', ports.flatMap(plain).map(bytes));
    assert.equal(await listTable(), empty);
  });

  test('are added all or none', async () => {
    await nftables.run(ruleset(ports.slice(0, 1)));
    const before = await listTable();
    const other = ports.map((port) => ({ ...port, containerPort: 7 }));
    assert.throws(
      () => changeSetElements(netfilter, 'add', other.toReversed().flatMap(plain).map(bytes)),
      (error) => hasCode(error, 'EEXIST', 'EBUSY'),
    );
    assert.equal(await listTable(), before);
  });

  test('thousands go in one batch', async () => {
    await nftables.run(ruleset([]));
    const many = Array.from({ length: 5000 }, (_, index) => ({
      ...(ports[0] as PortTarget),
      hostPort: index + 1,
    }));
    changeSetElements(netfilter, 'add', many.flatMap(plain).map(bytes));
    assert.equal((await listTable()).match(/tcp \. \d+ : 172\.17\.0\.2 \. 80/g)?.length, 5000);
  });
});

suite('port elements of a gate', () => {
  test('added by netlink are the ones that the script renders; deleting takes them away', async () => {
    const gate = { near: 'g0', far: 'g1' };
    ensureGate(host.netlink, gate);
    const six: PortTarget[] = ['::', 'fd99::1'].map((hostAddress) => ({
      addresses: { 6: parseIp('fd00::2') } as PortTarget['addresses'],
      containerPort: 80,
      protocol: 'tcp',
      hostAddress,
      hostPort: 8080,
    }));
    const all = [...ports, ...six];
    await nftables.run(ruleset(all, [], gate));
    const byScript = await listTable();
    await nftables.run(ruleset([], [], gate));
    const empty = await listTable();
    const elements = all.flatMap((port) => elementsOfPort(port, true)).map(bytes);
    changeSetElements(netfilter, 'add', elements);
    assert.equal(await listTable(), byScript);
    changeSetElements(netfilter, 'delete', elements);
    assert.equal(await listTable(), empty);
    await nftables.run(ruleset([]));
    assert.ok(!(await listTable()).includes('dhwt_gate'));
  });
});

suite('network elements', () => {
  const kinds: [string, BridgeNetwork][] = [
    ['of a plain network', network('dhwt1')],
    ['of an internal one', network('dhwt1', { internal: true })],
    [
      'of one that leaves the host by certain addresses',
      network('dhwt1', {
        options: {
          'com.docker.network.host_ipv4': '192.0.2.7',
          'com.docker.network.host_ipv6': '2001:db8::7',
        },
      }),
    ],
    [
      'of one whose containers are kept apart and not hidden',
      network('dhwt1', {
        options: {
          'com.docker.network.bridge.enable_icc': 'false',
          'com.docker.network.bridge.enable_ip_masquerade': 'false',
        },
      }),
    ],
  ];
  for (const [name, added] of kinds) {
    test(`${name}: added by netlink are the ones that the script renders; deleting takes them away`, async () => {
      const render = (listed: BridgeNetwork[]) =>
        renderRuleset({
          table: 'dhwt',
          elements: listed.flatMap(elementsOfNetwork),
          dropStrangers: [],
          otherBridges: [],
          gate: undefined,
        });
      await nftables.run(render([...networks, added]));
      const byScript = await listTable();
      await nftables.run(render(networks));
      const before = await listTable();
      assert.notEqual(byScript, before);
      const elements = elementsOfNetwork(added).map(bytes);
      changeSetElements(netfilter, 'add', elements);
      assert.equal(await listTable(), byScript);
      changeSetElements(netfilter, 'delete', elements);
      assert.equal(await listTable(), before);
    });
  }
});

suite('the ruleset', () => {
  test('has as many rules for a thousand ports as for none', async () => {
    const count = (text: string) =>
      text.split('\n').filter((line) => / (accept|drop|jump|masquerade|dnat) ?/.test(line)).length;
    const thousand = Array.from({ length: 1000 }, (_, index) => ({
      ...(ports[0] as PortTarget),
      hostPort: index + 1,
    }));
    assert.equal(count(ruleset(thousand)), count(ruleset([])));
  });

  test('keeps known bridges of others apart, but not those of container programs', () => {
    const text = ruleset([]);
    assert.match(text, /iifname \. oifname \{ "br0" \. "br1", "br1" \. "br0" \} drop/);
    assert.ok(!ruleset([], []).includes('br0'));
  });
});

suite('nftables', () => {
  test('a refused script is reported in the words of nft', async () => {
    await assert.rejects(
      nftables.run('add nonsense'),
      (error) => error instanceof NftablesError && /syntax error/.test(error.message),
    );
  });
  test('a missing program is named', async () => {
    await assert.rejects(
      createNftables(['no-such-nft']).run(''),
      /not installed: no program no-such-nft found/,
    );
  });
});
