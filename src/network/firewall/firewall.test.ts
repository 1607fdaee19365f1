import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { parseSubnet } from '#network/addresses/ipv4.ts';
import { elementOf } from '#network/firewall/elements.ts';
import { renderRuleset } from '#network/firewall/ruleset.ts';
import type { PortTarget } from '#network/tables/endpoints.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { hasCode } from '#sys/libc.ts';
import { netlinkProtocols, openNetlink } from '#sys/netlink.ts';
import { changeMapElements } from '#sys/netlink-netfilter.ts';
import { createNftables, NftablesError } from '#sys/nftables.ts';

const host = enterPrivateHost();
const netfilter = openNetlink(netlinkProtocols.netfilter);
const nftables = createNftables();
after(async () => {
  netfilter.close();
  await host[Symbol.asyncDispose]();
});

const networks = [
  { bridge: 'dhwt0', subnet: parseSubnet('172.17.0.0/22') ?? { address: 0, prefixLength: 0 } },
];
const address = 0xac110002;
const ports: PortTarget[] = [
  { address, containerPort: 80, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080 },
  { address, containerPort: 53, protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 5353 },
  { address, containerPort: 9, protocol: 'sctp', hostAddress: '0.0.0.0', hostPort: 65535 },
  { address, containerPort: 80, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 1 },
];

function ruleset(listed: readonly PortTarget[], dropStrangers = true): string {
  return renderRuleset({
    table: 'dhwt',
    networks,
    ports: listed,
    dropStrangers,
    otherBridges: ['br0', 'br1', 'docker0'],
  });
}

/** The table as nft prints it, with its elements in one order and without handles. */
async function listTable(): Promise<string> {
  const text = await nftables.run('list table inet dhwt');
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
    changeMapElements(netfilter, 'add', 'dhwt', ports.map(elementOf));
    assert.equal(await listTable(), byScript);
    changeMapElements(netfilter, 'delete', 'dhwt', ports.map(elementOf));
    assert.equal(await listTable(), empty);
  });

  test('are added all or none', async () => {
    await nftables.run(ruleset(ports.slice(0, 1)));
    const before = await listTable();
    const other = ports.map((port) => ({ ...port, containerPort: 7 }));
    assert.throws(
      () => changeMapElements(netfilter, 'add', 'dhwt', other.toReversed().map(elementOf)),
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
    changeMapElements(netfilter, 'add', 'dhwt', many.map(elementOf));
    assert.equal((await listTable()).match(/tcp \. \d+ : 172\.17\.0\.2 \. 80/g)?.length, 5000);
  });
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
    assert.ok(!ruleset([], false).includes('br0'));
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
