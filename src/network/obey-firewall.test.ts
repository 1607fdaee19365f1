import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, suite, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { networkRequest, startTestDaemon, testSettings } from '#network/testing/test-daemon.ts';
import { findLink } from '#sys/netlink-link.ts';
import { writeSysctl } from '#sys/sysctl.ts';

const host = enterPrivateHost();
// The strictest that hosts have.
writeSysctl('net/ipv4/conf/all/rp_filter', '1');
const settings = { ...testSettings, obeyHostFirewall: true };
const daemon = await startTestDaemon(settings);
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

const brief = { timeoutMs: 300 };
const { gateway } = daemon;

/** The host's own firewall, as in many an /etc/nftables.conf. */
function setFirewall(...rules: string[]): void {
  const input = `add table inet host
delete table inet host
table inet host {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname "lo" accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    ${rules.join('\n    ')}
  }
}
`;
  execFileSync('nft', ['-f', '-'], { input });
}

setFirewall();
const web = await daemon.run('web', [
  { hostPort: 8080 },
  { hostPort: 8081, hostAddress: host.address },
  { hostPort: 5353, containerPort: 53, protocol: 'udp' },
]);
await web.serve(80, 'web');
await web.serve(53, 'web', 'udp');
const sibling = await daemon.run('sibling');

suite('a published port', () => {
  test('is closed from outside as long as the host’s firewall does not open it', async () => {
    assert.equal(await host.neighbour.ask(host.address, 8080, brief), 'timeout');
    assert.equal(await host.neighbour.ask(host.address, 8081, brief), 'timeout');
    assert.equal(await host.neighbour.ask(host.address, 5353, { ...brief, protocol: 'udp' }), 'timeout');
  });

  test('is open from inside: to the host and to containers', async () => {
    assert.equal(await host.local.ask('127.0.0.1', 8080), `web ${gateway}`);
    assert.equal(await host.local.ask(host.address, 8081), `web ${host.address}`);
    assert.equal(await sibling.ask(host.address, 8080), `web ${gateway}`);
    assert.equal(await host.local.ask('127.0.0.1', 5353, { protocol: 'udp' }), `web ${gateway}`);
  });

  test('is open as the firewall says, by the port on the host, and the container sees who asks', async () => {
    setFirewall('tcp dport 8080 accept');
    assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
    assert.equal(await host.neighbour.ask(host.address, 8081, brief), 'timeout');
    setFirewall('ip saddr 10.99.0.9 tcp dport 8080 accept');
    assert.equal(await host.neighbour.ask(host.address, 8080, brief), 'timeout');
    setFirewall(`ip saddr ${host.neighbourAddress} th dport { 8081, 5353 } accept`);
    assert.equal(await host.neighbour.ask(host.address, 8081), `web ${host.neighbourAddress}`);
    for (let round = 0; round < 3; round++) {
      const options = { protocol: 'udp', localPort: 4000 } as const;
      assert.equal(await host.neighbour.ask(host.address, 5353, options), `web ${host.neighbourAddress}`);
    }
  });

  test('can be refused in so many words', async () => {
    setFirewall('tcp dport 8080 reject with tcp reset');
    assert.equal(await host.neighbour.ask(host.address, 8080), 'ECONNREFUSED');
  });

  test('obeys chains of iptables, which ufw makes, in the same way', async () => {
    setFirewall('accept');
    const iptables = (...args: string[]) => execFileSync('iptables-nft', args);
    iptables('-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT');
    iptables('-P', 'INPUT', 'DROP');
    iptables('-P', 'FORWARD', 'DROP');
    await daemon.restart([web, sibling]);
    assert.equal(await host.neighbour.ask(host.address, 8080, brief), 'timeout');
    iptables('-A', 'INPUT', '-p', 'tcp', '--dport', '8080', '-j', 'ACCEPT');
    assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
    assert.equal(await host.neighbour.ask(host.address, 8081, brief), 'timeout');
    execFileSync('nft', ['delete', 'table', 'ip', 'filter']);
  });

  test('stays so after a flush of everything and a restart of the daemon', async () => {
    setFirewall('tcp dport 8080 accept');
    await daemon.restart([web, sibling]);
    assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
    setFirewall();
    assert.equal(await host.neighbour.ask(host.address, 8080, brief), 'timeout');
  });

  test('works by IPv6 too', async () => {
    execFileSync('ip', ['-6', 'address', 'add', 'fd99::1/64', 'dev', 'eth0', 'nodad']);
    const far = await host.addNeighbour('10.99.0.6');
    const script =
      'echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip -6 address add fd99::6/64 dev eth0 nodad';
    execFileSync('nsenter', [`--net=${far.path}`, 'sh', '-ec', script]);
    await daemon.service.create(networkRequest('dual', { ipv6: true }));
    const dual = await daemon.run('dual', [{ hostPort: 8086 }], [{ network: 'dual' }]);
    await dual.serve(80, 'dual', 'tcp', '::');
    assert.equal(await far.peer.ask('fd99::1', 8086, brief), 'timeout');
    setFirewall('tcp dport 8086 accept');
    assert.equal(await far.peer.ask('fd99::1', 8086), 'dual fd99::6');
    assert.match(await host.local.ask('::1', 8086), /^dual /);
    await daemon.service.detach(dual.id);
  });
});

test('without the option ports are open whatever the firewall says, and the gate is gone', async () => {
  setFirewall();
  settings.obeyHostFirewall = false;
  await daemon.restart([web, sibling]);
  assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
  assert.equal(findLink(host.netlink, `${settings.bridge}g0`), undefined);
});
