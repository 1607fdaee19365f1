import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import net from 'node:net';
import { after, suite, test } from 'node:test';
import type { PublishedPortRequest } from '#network/network.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { refused } from '#network/testing/refused.ts';
import { attachRequest, containerId, startTestDaemon } from '#network/testing/test-daemon.ts';
import { waitFor } from '#network/testing/wait-for.ts';
import { findLink } from '#sys/netlink-link.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await host[Symbol.asyncDispose]();
  await daemon.close();
});

/** Attaches a fresh sandbox; the endpoint goes with the test. */
async function publish(name: string, ...ports: Partial<PublishedPortRequest>[]) {
  const sandbox = await daemon.service.createSandbox();
  await daemon.service.attach(attachRequest(name, sandbox, ports));
  const free = async () => {
    await daemon.service.detach(containerId(name));
    await sandbox[Symbol.asyncDispose]();
  };
  return { ports: daemon.service.portsOf(containerId(name)), [Symbol.asyncDispose]: free };
}

function listen(port: number, address: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

suite('a port that another container has published', () => {
  test('is refused in the words of Docker, naming the container', async () => {
    await using _web = await publish('web', { hostPort: 8080 });
    const words =
      /^driver failed programming external connectivity on endpoint other \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated \(by container "web"\)$/;
    await refused(publish('other', { hostPort: 8080 }), 'Conflict', words, 'port-in-use');
    await refused(
      publish('other', { hostPort: 8080, hostAddress: '127.0.0.1' }),
      'Conflict',
      /Bind for 127\.0\.0\.1:8080 failed: port is already allocated \(by container "web"\)/,
      'port-in-use',
    );
  });

  test('or that the container itself has published already, is refused as such', () =>
    refused(
      publish('twice', { hostPort: 8080 }, { hostPort: 8080, hostAddress: '127.0.0.1', containerPort: 81 }),
      'Conflict',
      /Bind for 127\.0\.0\.1:8080 failed: port is already allocated \(by this container itself\)/,
      'port-in-use',
    ));

  test('leaves nothing of the refused container', async () => {
    await using _web = await publish('web', { hostPort: 8080 });
    await refused(
      publish('other', { hostPort: 8079 }, { hostPort: 8080 }),
      'Conflict',
      /8080/,
      'port-in-use',
    );
    assert.deepEqual(daemon.service.endpointsOf(containerId('other')), []);
    await using _other = await publish('other', { hostPort: 8079 });
  });

  test('is free on another address, for another protocol, and after its container', async () => {
    {
      await using _one = await publish('one', { hostPort: 8080, hostAddress: '127.0.0.1' });
      await using _two = await publish('two', { hostPort: 8080, hostAddress: host.address });
      await using _three = await publish('three', { hostPort: 8080, protocol: 'udp' });
      await using _four = await publish('four', { hostPort: 8080, protocol: 'sctp' });
    }
    await using _five = await publish('five', { hostPort: 8080 });
  });
});

suite('a port and processes of the host', () => {
  test('a port on which a process listens is refused, naming the process', async () => {
    const server = await listen(8085, '127.0.0.1');
    await refused(
      publish('web', { hostPort: 8085 }),
      'Conflict',
      new RegExp(`port is already allocated \\(by process ${process.pid}, `),
      'port-in-use',
    );
    server.close();
  });

  test('a published port is kept from processes, and given back', async () => {
    {
      await using _web = await publish('web', { hostPort: 8086 }, { hostPort: 8086, protocol: 'udp' });
      await assert.rejects(listen(8086, '0.0.0.0'), { code: 'EADDRINUSE' });
      await assert.rejects(listen(8086, '127.0.0.1'), { code: 'EADDRINUSE' });
      const socket = dgram.createSocket('udp4');
      const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
        socket.once('error', resolve).bind(8086, '127.0.0.1');
      });
      assert.equal(error.code, 'EADDRINUSE');
    }
    (await listen(8086, '0.0.0.0')).close();
  });

  test('connections that a former server left behind do not block a port', async () => {
    const server = net.createServer((socket) => socket.end('bye'));
    await new Promise<void>((resolve) => server.listen(8087, '127.0.0.1', resolve));
    // The server closes first, so the connection rests in TIME_WAIT on its port.
    assert.equal(await host.local.ask('127.0.0.1', 8087), 'bye');
    await new Promise((resolve) => server.close(resolve));
    await using _web = await publish('web', { hostPort: 8087 });
  });

  test('an address that the host does not have is refused', async () => {
    await refused(
      publish('web', { hostPort: 80, hostAddress: '10.1.2.3' }),
      'InvalidParameter',
      /10\.1\.2\.3.*cannot assign requested address/,
    );
  });
  test('a port that a process has by IPv6 only is refused too, naming the address', async () => {
    const server = await listen(8089, '::1');
    const words = new RegExp(
      `Bind for \\[::\\]:8089 failed: port is already allocated \\(by process ${process.pid}, `,
    );
    await refused(publish('web', { hostPort: 8089 }), 'Conflict', words, 'port-in-use');
    server.close();
    await using web = await publish('web', { hostPort: 8089 });
    assert.deepEqual(
      web.ports.map(({ hostAddress }) => hostAddress),
      ['0.0.0.0', '::'],
    );
  });

  test('a host address of a family that the container has not is refused, where nothing could be relayed', async () => {
    await refused(
      publish('web', { hostPort: 8080, hostAddress: '::1', protocol: 'sctp' }),
      'InvalidParameter',
      /cannot publish a sctp port on ::1: the container has no IPv6 address/,
    );
    await using web = await publish('web', { hostPort: 8080, protocol: 'sctp' });
    assert.deepEqual(
      web.ports.map(({ hostAddress }) => hostAddress),
      ['0.0.0.0'],
    );
  });
});

suite('choosing a port', () => {
  test('the first free one of a range; a range that is used up is refused', async () => {
    await using one = await publish('one', { hostPort: 9001, hostPortEnd: 9002 });
    await using two = await publish('two', { hostPort: 9001, hostPortEnd: 9002 });
    assert.deepEqual(
      [one, two].map(({ ports }) => ports[0]?.hostPort),
      [9001, 9002],
    );
    await refused(
      publish('three', { hostPort: 9001, hostPortEnd: 9002 }),
      'Conflict',
      /Bind for 0\.0\.0\.0:9001-9002 failed: all ports are allocated/,
      'port-in-use',
    );
  });

  test('without a wish, each container gets another one of the ephemeral range', async () => {
    await using one = await publish('one', {}, { containerPort: 81 });
    await using two = await publish('two', {});
    const ports = [...one.ports, ...two.ports].map((port) => port.hostPort);
    assert.equal(new Set(ports).size, 3);
    assert.ok(ports.every((port) => port >= 32768 && port <= 60999));
  });
});

suite('udp', () => {
  test('a client that never pauses reaches each container that gets the port', async () => {
    const client = { protocol: 'udp', localPort: 4444 } as const;
    const ask = (timeoutMs: number) => host.neighbour.ask(host.address, 5300, { ...client, timeoutMs });
    await ask(50);
    for (const name of ['first', 'second']) {
      const container = await daemon.run(name, [{ hostPort: 5300, containerPort: 53, protocol: 'udp' }]);
      await container.serve(53, name, 'udp');
      assert.equal(await ask(3000), `${name} ${host.neighbourAddress}`);
      await daemon.service.detach(container.id);
      await container[Symbol.asyncDispose]();
      await container.sandbox[Symbol.asyncDispose]();
    }
  });
});

suite('detach', () => {
  test('is idempotent, and the interface goes with the sandbox', async () => {
    const web = await publish('web', { hostPort: 8080 });
    const [endpoint] = daemon.service.endpointsOf(containerId('web'));
    const name = hostInterfaceOf(endpoint?.id ?? '');
    assert.ok(findLink(host.netlink, name));
    await web[Symbol.asyncDispose]();
    await daemon.service.detach(containerId(name));
    await waitFor('the interface to go', () => findLink(host.netlink, name) === undefined);
  });
});

function hostInterfaceOf(endpointId: string): string {
  return `dhwt${endpointId.slice(0, 11)}`;
}
