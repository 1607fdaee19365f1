import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { after, suite, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { networkRequest, startTestDaemon } from '#network/testing/test-daemon.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

/** The host has an IPv6 address on the local network, and so has another machine there. */
execFileSync('ip', ['-6', 'address', 'add', 'fd99::1/64', 'dev', 'eth0', 'nodad']);
const far = await host.addNeighbour('10.99.0.6');
execFileSync('nsenter', [
  `--net=${far.path}`,
  ...[
    'sh',
    '-ec',
    'echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip -6 address add fd99::6/64 dev eth0 nodad; ip -6 route add default via fd99::1',
  ],
]);

const { gateway } = daemon;
const brief = { timeoutMs: 300 };

suite('a port of a container without IPv6', () => {
  test('is reached by IPv6 all the same, through the daemon', async () => {
    const web = await daemon.run('web', [{ hostPort: 8080 }]);
    await web.serve(80, 'web');
    assert.equal(await host.local.ask('::1', 8080), `web ${gateway}`);
    assert.equal(await host.local.ask('fd99::1', 8080), `web ${gateway}`);
    assert.equal(await far.peer.ask('fd99::1', 8080), `web ${gateway}`);
    await daemon.restart([web]);
    assert.equal(await host.local.ask('::1', 8080), `web ${gateway}`);
    await daemon.service.detach(web.id);
    assert.equal(await host.local.ask('::1', 8080), 'ECONNREFUSED');
  });

  test('is reached by UDP too, by several clients at once', async () => {
    const udp = { protocol: 'udp' } as const;
    const name = await daemon.run('name', [{ hostPort: 5353, containerPort: 53, ...udp }]);
    await name.serve(53, 'name', 'udp');
    const answers = await Promise.all([
      host.local.ask('::1', 5353, udp),
      host.local.ask('::1', 5353, { ...udp, localPort: 4001 }),
      far.peer.ask('fd99::1', 5353, udp),
    ]);
    assert.deepEqual(answers, Array(3).fill(`name ${gateway}`));
    // A client that goes on finds the next container that gets the port.
    await daemon.service.detach(name.id);
    assert.equal(await host.local.ask('::1', 5353, { ...udp, ...brief }), 'timeout');
    const next = await daemon.run('next', [{ hostPort: 5353, containerPort: 53, ...udp }]);
    await next.serve(53, 'next', 'udp');
    assert.equal(await host.local.ask('::1', 5353, { ...udp, localPort: 4001 }), `next ${gateway}`);
    await daemon.restart([next]);
    assert.equal(await far.peer.ask('fd99::1', 5353, udp), `next ${gateway}`);
    await daemon.service.detach(next.id);
  });

  test('published on one IPv6 address is reached through that one only', async () => {
    const web = await daemon.run('web', [
      { hostPort: 8081, hostAddress: '::1' },
      { hostPort: 8082, hostAddress: 'FD99:0:0::1' },
    ]);
    await web.serve(80, 'web');
    assert.equal(await host.local.ask('::1', 8081), `web ${gateway}`);
    assert.equal(await host.local.ask('127.0.0.1', 8081), 'ECONNREFUSED');
    assert.equal(await far.peer.ask('fd99::1', 8081, brief), 'ECONNREFUSED');
    assert.equal(await far.peer.ask('fd99::1', 8082), `web ${gateway}`);
    assert.equal(daemon.service.portsOf(web.id)[1]?.hostAddress, 'fd99::1');
    await daemon.service.detach(web.id);
  });

  test('refuses when nothing listens in the container', async () => {
    const web = await daemon.run('web', [{ hostPort: 8080 }]);
    assert.equal(await host.local.ask('::1', 8080), 'ECONNRESET');
    await daemon.service.detach(web.id);
  });

  test('passes much data both ways, and the end of each direction by itself', async () => {
    const echo = await daemon.run('echo', [{ hostPort: 8080 }]);
    await echo.serve(80, 'echo');
    const data = randomBytes(8 * 1024 * 1024);
    const received = await new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = net.connect({ host: '::1', port: 8080, allowHalfOpen: true });
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => resolve(Buffer.concat(chunks)));
      socket.on('error', reject);
      socket.end(data);
    });
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    assert.equal(hash(received), hash(data));
    await daemon.service.detach(echo.id);
  });
});

suite('a port of a container with IPv6', () => {
  test('is reached by both families; the container sees who asks', async () => {
    await daemon.service.create(networkRequest('dual', { ipv6: true }));
    const ports = [{ hostPort: 8080 }, { hostPort: 5353, protocol: 'udp' as const, containerPort: 53 }];
    const web = await daemon.run('web', ports, [{ network: 'dual' }]);
    await web.serve(80, 'web', 'tcp', '::');
    await web.serve(53, 'web', 'udp', '::');
    assert.equal(await far.peer.ask('fd99::1', 8080), 'web fd99::6');
    assert.equal(await far.peer.ask('fd99::1', 5353, { protocol: 'udp' }), 'web fd99::6');
    assert.equal(await host.local.ask('fd99::1', 8080), 'web fd99::1');
    assert.match(await host.local.ask('::1', 8080), /^web /);
    assert.match(await host.local.ask('::1', 5353, { protocol: 'udp' }), /^web /);
    assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
    const sibling = await daemon.run('sibling', [], [{ network: 'dual' }]);
    const { gateway: own } = web.endpoint.ipv6;
    assert.equal(await sibling.ask('fd99::1', 8080), `web ${own}`);
    assert.equal(await web.ask('fd99::1', 8080), `web ${own}`);
    assert.equal(await far.peer.ask(web.endpoint.ipv6.address, 80, brief), 'timeout');
    for (const { id } of [web, sibling]) await daemon.service.detach(id);
    assert.equal(await far.peer.ask('fd99::1', 8080, brief), 'ECONNREFUSED');
  });

  test('and without IPv4 is reached by IPv6 only', async () => {
    await daemon.service.create(networkRequest('six', { ipv4: false, ipv6: true }));
    const web = await daemon.run('web', [{ hostPort: 8080 }], [{ network: 'six' }]);
    await web.serve(80, 'web', 'tcp', '::');
    assert.equal(await far.peer.ask('fd99::1', 8080), 'web fd99::6');
    assert.match(await host.local.ask('::1', 8080), /^web /);
    assert.equal(await host.local.ask('127.0.0.1', 8080), 'ECONNREFUSED');
    await daemon.service.detach(web.id);
  });
});
