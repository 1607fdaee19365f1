import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import net from 'node:net';
import os from 'node:os';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';

const greeter = ['busybox', 'nc', '-ll', '-p', '80', '-e', 'echo', 'hello'];

describeEngine('run › published ports', ({ cli, unique }) => {
  it('are reached from the host by 127.0.0.1 and by another of its addresses', async () => {
    const name = unique('web');
    const port = await freePort();
    await cli.out('run', '-d', '--name', name, '-p', `${port}:80`, ...greeter);
    assert.equal(await readAll('127.0.0.1', port), 'hello\n');
    assert.equal(await readAll(hostAddress(), port), 'hello\n');
    await cli.out('rm', '-f', name);
    await assert.rejects(readOnce('127.0.0.1', port), /ECONNREFUSED/);
  });

  it('are reached from another container by the host’s address', async () => {
    const name = unique('web');
    const port = await freePort();
    await cli.out('run', '-d', '--name', name, '-p', `${port}:80`, ...greeter);
    await readAll('127.0.0.1', port);
    const script = `until nc -w 5 ${hostAddress()} ${port}; do sleep 0.05; done`;
    assert.equal(await cli.out('run', '--rm', 'busybox', 'sh', '-c', script), 'hello');
    await cli.out('rm', '-f', name);
  });

  it('of one address are not open on another', async () => {
    const name = unique('local');
    const port = await freePort();
    await cli.out('run', '-d', '--name', name, '-p', `127.0.0.1:${port}:80`, ...greeter);
    assert.equal(await readAll('127.0.0.1', port), 'hello\n');
    await assert.rejects(readOnce(hostAddress(), port), /ECONNREFUSED/);
    await cli.out('rm', '-f', name);
  });

  it('without a host port get a free one, which `port` tells', async () => {
    const name = unique('any');
    await cli.out('run', '-d', '--name', name, '-p', '127.0.0.1::80', ...greeter);
    const told = await cli.out('port', name, '80/tcp');
    assert.match(told, /^127\.0\.0\.1:\d+$/);
    assert.equal(await readAll('127.0.0.1', Number(told.split(':')[1])), 'hello\n');
    await cli.out('rm', '-f', name);
  });

  it('that are taken by a process of the host are refused', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const { code, stderr } = await cli.run(['run', '--rm', '-p', `127.0.0.1:${port}:80`, 'busybox', 'true']);
    server.close();
    assert.equal(code, 125);
    assert.match(stderr, /address already in use|port is already allocated/);
  });

  it('that another container has are refused, and free again when it has gone', async () => {
    const [first, second] = [unique('first'), unique('second')];
    const port = await freePort();
    await cli.out('run', '-d', '--name', first, '-p', `${port}:80`, ...greeter);
    const { code, stderr } = await cli.run(['run', '-d', '--name', second, '-p', `${port}:80`, ...greeter]);
    assert.equal(code, 125);
    assert.match(stderr, /port is already allocated|address already in use/);
    await cli.out('rm', '-f', first);
    await cli.out('start', second);
    assert.equal(await readAll('127.0.0.1', port), 'hello\n');
    await cli.out('rm', '-f', second);
  });

  it('of udp carry datagrams to the container, and answers back', async () => {
    const name = unique('udp');
    const port = await freePort();
    // busybox has no UDP server: the host's Node runs in the container, with the host's libraries.
    const server =
      "require('dgram').createSocket('udp4').bind(53).on('message', function (m, from) { this.send('got ' + m, from.port, from.address) })";
    const node = ['chroot', '/host', process.execPath, '--eval', server];
    await cli.out(
      'run',
      '-d',
      '--name',
      name,
      '-p',
      `${port}:53/udp`,
      '-v',
      '/:/host:ro',
      'busybox',
      ...node,
    );
    const socket = dgram.createSocket('udp4');
    let answer = '';
    socket.on('message', (message) => {
      answer = message.toString();
    });
    await waitFor('an answer over UDP', () => {
      socket.send('ping', port, hostAddress());
      return answer !== '';
    });
    socket.close();
    assert.equal(answer, 'got ping');
    await cli.out('rm', '-f', name);
  });

  it('containers of the default network reach each other by address', async () => {
    const name = unique('peer');
    await cli.out('run', '-d', '--name', name, ...greeter);
    const address = await cli.out(
      'inspect',
      '--format',
      '{{.NetworkSettings.Networks.bridge.IPAddress}}',
      name,
    );
    assert.match(address, /^\d+\.\d+\.\d+\.\d+$/);
    assert.equal(
      await cli.out('run', '--rm', 'busybox', 'sh', '-c', `until nc -w 2 ${address} 80; do sleep 0.05; done`),
      'hello',
    );
    await cli.out('rm', '-f', name);
  });
});

function hostAddress(): string {
  const external = Object.values(os.networkInterfaces())
    .flat()
    .find(
      (entry) => entry && entry.family === 'IPv4' && !entry.internal && !entry.cidr?.startsWith('172.17.'),
    );
  if (!external) throw new Error('this host has no address but 127.0.0.1');
  return external.address;
}

/** The server in the container may need a moment to listen. */
function readAll(host: string, port: number): Promise<string> {
  return waitFor(`an answer from ${host}:${port}`, async () => (await readOnce(host, port)) || undefined);
}

function readOnce(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect({ host, port, timeout: 5000 });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('timeout', () => socket.destroy(new Error('timeout')));
    socket.on('close', () => resolve(text));
  });
}
