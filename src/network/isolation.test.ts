import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, suite, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { startTestDaemon } from '#network/testing/test-daemon.ts';
import { readSysctl, writeSysctl } from '#sys/sysctl.ts';

const host = enterPrivateHost();
const forwardingBefore = readSysctl('net/ipv4/ip_forward');
const daemon = await startTestDaemon();
after(async () => {
  await host[Symbol.asyncDispose]();
  await daemon.close();
});

const gateway = daemon.gateway;
const web = await daemon.run('web', [{ hostPort: 8081, hostAddress: '127.0.0.1' }]);
await web.serve(80, 'web');
const sibling = await daemon.run('sibling');
await host.local.serve(9000, 'host', 'tcp', '127.0.0.1');
await host.local.serve(9001, 'host');
await host.neighbour.serve(80, 'neighbour');

/** Long enough for an answer on this machine, short enough to wait for none. */
const brief = { timeoutMs: 300 };

/** Makes a namespace send packets for 127.0.0.1 to a router instead of to itself. */
function routeLoopbackThrough(path: string, router: string): void {
  const script = `busybox ip addr del 127.0.0.1/8 dev lo; busybox ip route add 127.0.0.1 via ${router}
    echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet`;
  execFileSync('nsenter', [`--net=${path}`, 'sh', '-ec', script]);
}

suite('what containers reach', () => {
  test('each other, the host and the outside, which sees the host as the client', async () => {
    assert.equal(await sibling.ask(web.endpoint.ipv4.address, 80), `web ${sibling.endpoint.ipv4.address}`);
    assert.equal(await sibling.ask(gateway, 9001), `host ${sibling.endpoint.ipv4.address}`);
    assert.equal(await sibling.ask(host.neighbourAddress, 80), `neighbour ${host.address}`);
  });

  test('not what listens on the loopback of the host', async () => {
    const attacker = await daemon.run('attacker');
    routeLoopbackThrough(attacker.sandbox.path, gateway);
    assert.equal(await attacker.ask('127.0.0.1', 9000, brief), 'timeout');
  });
});

suite('what the neighbour reaches', () => {
  test('not an unpublished port by a route to the bridge', async () => {
    assert.equal(await host.neighbour.ask(web.endpoint.ipv4.address, 80, brief), 'timeout');
  });

  test('not a port published on 127.0.0.1, also where the host routes loopback addresses', async () => {
    writeSysctl('net/ipv4/conf/eth0/route_localnet', '1');
    const daring = await host.addNeighbour('10.99.0.3');
    routeLoopbackThrough(daring.path, host.address);
    assert.equal(await daring.peer.ask('127.0.0.1', 8081, brief), 'timeout');
  });

  test('not a third network through a host that did not forward before', async () => {
    assert.equal(forwardingBefore, '0');
    assert.equal(readSysctl('net/ipv4/ip_forward'), '1');
    const far = await host.addFarMachine(1, 'veth');
    await far.serve(80, 'far');
    assert.equal(await host.local.ask('10.98.1.2', 80), 'far 10.98.1.1');
    assert.equal(await sibling.ask('10.98.1.2', 80), 'far 10.98.1.1');
    assert.equal(await host.neighbour.ask('10.98.1.2', 80, brief), 'timeout');
  });

  test('nor after a restart, which finds forwarding switched on; nor from bridge to bridge', async () => {
    const far = await host.addFarMachine(2, 'bridge');
    await far.serve(80, 'far');
    await daemon.restart([web, sibling]);
    assert.equal(await sibling.ask('10.98.1.2', 80), 'far 10.98.1.1');
    assert.equal(await sibling.ask('10.98.2.2', 80), 'far 10.98.2.1');
    assert.equal(await host.neighbour.ask('10.98.1.2', 80, brief), 'timeout');
    assert.equal(await host.neighbour.ask('10.98.2.2', 80, brief), 'timeout');
  });

  test('but frames within a bridge of the host pass, also when nft sees them', async () => {
    writeSysctl('net/bridge/bridge-nf-call-iptables', '1');
    const other = await host.addNeighbour('10.99.0.4');
    assert.equal(await other.peer.ask(host.neighbourAddress, 80), 'neighbour 10.99.0.4');
  });
});
