import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { PublishedPortRequest } from '#network/network.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { refused } from '#network/testing/refused.ts';
import { startTestDaemon } from '#network/testing/test-daemon.ts';
import { writeSysctl } from '#sys/sysctl.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await host[Symbol.asyncDispose]();
  await daemon.close();
});

const gateway = daemon.gateway;
const web = await daemon.run('web', [
  { containerPort: 80, hostPort: 8080 },
  { containerPort: 80, hostPort: 8081, hostAddress: '127.0.0.1' },
  { containerPort: 80, hostPort: 8082, hostAddress: host.address },
  { containerPort: 53, hostPort: 5353, protocol: 'udp' },
]);
await web.serve(80, 'web');
await web.serve(81, 'unpublished');
await web.serve(53, 'web', 'udp');
const sibling = await daemon.run('sibling');
await sibling.serve(80, 'sibling');

suite('a port published on all addresses', () => {
  test('is reached by the neighbour, whose address the container sees', async () => {
    assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
  });
  test('is reached from the host through every address of it', async () => {
    assert.equal(await host.local.ask('127.0.0.1', 8080), `web ${gateway}`);
    assert.equal(await host.local.ask('127.9.9.9', 8080), `web ${gateway}`);
    assert.equal(await host.local.ask(host.address, 8080), `web ${host.address}`);
    assert.equal(await host.local.ask(gateway, 8080), `web ${gateway}`);
  });
  test('is reached by a sibling, which appears as the host', async () => {
    assert.equal(await sibling.ask(host.address, 8080), `web ${gateway}`);
    assert.equal(await sibling.ask(gateway, 8080), `web ${gateway}`);
  });
  test('is reached by the container itself', async () => {
    assert.equal(await web.ask(host.address, 8080), `web ${gateway}`);
    assert.equal(await web.ask(gateway, 8080), `web ${gateway}`);
  });
  test('works for udp', async () => {
    assert.equal(
      await host.neighbour.ask(host.address, 5353, { protocol: 'udp' }),
      `web ${host.neighbourAddress}`,
    );
    assert.equal(await host.local.ask('127.0.0.1', 5353, { protocol: 'udp' }), `web ${gateway}`);
    assert.equal(await sibling.ask(gateway, 5353, { protocol: 'udp' }), `web ${gateway}`);
  });
});

for (const setting of ['0', '1']) {
  test(`bridge-nf-call-iptables=${setting}: a sibling and the container itself reach a published port`, async () => {
    writeSysctl('net/bridge/bridge-nf-call-iptables', setting);
    assert.equal(await sibling.ask(host.address, 8080), `web ${gateway}`);
    assert.equal(await web.ask(host.address, 8080), `web ${gateway}`);
    assert.equal(await sibling.ask(web.endpoint.ipv4.address, 80), `web ${sibling.endpoint.ipv4.address}`);
  });
}

test('much data passes from outside and back, by TCP and by UDP', async () => {
  const echo = await daemon.run('echo', [{ hostPort: 8083 }, { hostPort: 5354, protocol: 'udp' }]);
  for (const protocol of ['tcp', 'udp'] as const) await echo.serve(80, 'echo', protocol);
  assert.equal(await host.neighbour.transfer(host.address, 8083, 'tcp', 16 * 1024 * 1024), 'whole');
  assert.equal(await host.neighbour.transfer(host.address, 5354, 'udp', 1024 * 1024), 'whole');
  await daemon.service.detach(echo.id);
});

suite('a port published on one address', () => {
  test('is reached through that address only', async () => {
    assert.equal(await host.local.ask('127.0.0.1', 8081), `web ${gateway}`);
    assert.equal(await host.local.ask('127.0.0.2', 8081), 'ECONNREFUSED');
    assert.equal(await host.local.ask(host.address, 8081), 'ECONNREFUSED');
    assert.equal(await host.local.ask('127.0.0.1', 8082), 'ECONNREFUSED');
    assert.equal(await host.neighbour.ask(host.address, 8082), `web ${host.neighbourAddress}`);
  });
});

suite('ports of a running container', () => {
  const request = (hostPort: number, containerPort = 80): PublishedPortRequest => ({
    containerPort,
    protocol: 'tcp',
    hostAddress: '',
    hostPort,
    hostPortEnd: hostPort,
  });
  const publishedOn = (hostPort: number) =>
    daemon.service.portsOf(sibling.id).filter((port) => port.hostPort === hostPort);

  test('are published and unpublished while it runs', async () => {
    await daemon.service.changePorts(sibling.id, { add: [request(8090)], remove: [] });
    assert.equal(await host.neighbour.ask(host.address, 8090), `sibling ${host.neighbourAddress}`);
    assert.equal(await host.local.ask('::1', 8090), `sibling ${gateway}`);
    await daemon.service.changePorts(sibling.id, { add: [request(8091)], remove: publishedOn(8090) });
    assert.equal(await host.neighbour.ask(host.address, 8090), 'ECONNREFUSED');
    assert.equal(await host.neighbour.ask(host.address, 8091), `sibling ${host.neighbourAddress}`);
    await daemon.service.changePorts(sibling.id, { add: [request(8091, 81)], remove: publishedOn(8091) });
    assert.equal(await host.neighbour.ask(host.address, 8091), 'ECONNREFUSED');
    await daemon.service.changePorts(sibling.id, { add: [], remove: publishedOn(8091) });
    assert.deepEqual(daemon.service.portsOf(sibling.id), []);
  });

  test('stay as they were when one of the new ones is taken', async () => {
    await daemon.service.changePorts(sibling.id, { add: [request(8090)], remove: [] });
    const before = daemon.service.portsOf(sibling.id);
    await refused(
      daemon.service.changePorts(sibling.id, {
        add: [request(8092), request(8080)],
        remove: publishedOn(8090),
      }),
      'Conflict',
      /endpoint sibling .*Bind for 0\.0\.0\.0:8080 failed: port is already allocated \(by container "web"\)/,
      'port-in-use',
    );
    assert.deepEqual(daemon.service.portsOf(sibling.id), before);
    assert.equal(await host.neighbour.ask(host.address, 8090), `sibling ${host.neighbourAddress}`);
    assert.equal(await host.neighbour.ask(host.address, 8092), 'ECONNREFUSED');
    await daemon.service.changePorts(sibling.id, { add: [], remove: publishedOn(8090) });
  });
});
