import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createNamespaceSandbox } from '#network/kernel/sandbox.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { refused } from '#network/testing/refused.ts';
import { attachRequest, containerId, networkRequest, startTestDaemon } from '#network/testing/test-daemon.ts';
import { findLink, newVeth } from '#sys/netlink-link.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

/** The kernel's: BR_MAX_PORTS is 1 << 10, and port 0 is the bridge. */
const maximumPorts = 1023;

test('a bridge takes 1,023 containers; the next one is refused in words that help, and leaves nothing', async () => {
  const pools = [{ subnet: '10.80.0.0/20', auxiliary: {} }];
  const { network } = await daemon.service.create(networkRequest('crowd', { pools }));
  const bridge = findLink(host.netlink, network.interfaceName ?? '');
  assert.ok(bridge);
  const sandbox = await daemon.service.createSandbox();
  await daemon.service.attach(attachRequest('first', sandbox, [], [{ network: 'crowd' }]));
  // The other ports are veth pairs whose far ends lie in one namespace: as many namespaces would take a minute to end.
  const crowd = createNamespaceSandbox();
  for (let port = 2; port <= maximumPorts; port++) {
    const peer = { name: `e${port}`, macAddress: macOf(port), namespaceFd: crowd.namespaceFd };
    host.netlink.request([newVeth({ name: `p${port}`, master: bridge.index, mtu: 1500, peer })], `p${port}`);
  }
  const late = await daemon.service.createSandbox();
  await refused(
    daemon.service.attach(attachRequest('late', late, [{ hostPort: 8080 }], [{ network: 'crowd' }])),
    'ResourceExhausted',
    /bridge br-[0-9a-f]{12} is full: the kernel allows 1,023 interfaces on one bridge; use another network/,
  );
  assert.deepEqual(daemon.service.endpointsOf(containerId('late')), []);
  assert.deepEqual(daemon.service.portsOf(containerId('late')), []);
  await daemon.service.attach(attachRequest('late', late));
  for (const name of ['first', 'late']) await daemon.service.detach(containerId(name));
  crowd.close();
  for (const each of [sandbox, late]) await each[Symbol.asyncDispose]();
});

function macOf(number: number): string {
  return `02:02:00:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 0xff).toString(16).padStart(2, '0')}`;
}
