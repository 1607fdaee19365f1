import assert from 'node:assert/strict';
import net from 'node:net';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { freePorts } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';

function ask(host: string, port: number): Promise<string> {
  return waitFor(`an answer from ${host} ${port}`, async () => (await askOnce(host, port)) || undefined);
}

function askOnce(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect({ host, port, timeout: 5000 });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(text.trim()));
  });
}

/** A program that answers on each of these ports with the port's number. */
function answering(...ports: number[]): string[] {
  const servers = ports.map((port) => `(while :; do echo ${port} | nc -l -p ${port}; done) &`);
  return ['busybox', 'sh', '-c', `${servers.join(' ')} wait`];
}

describeEngine('network › published ports', ({ cli, unique, engine }) => {
  it('come in ranges', async () => {
    const name = unique('range');
    const first = await freePorts(3);
    const spec = `127.0.0.1:${first}-${first + 2}:80-82`;
    await cli.out('run', '-d', '--name', name, '-p', spec, ...answering(80, 81, 82));
    for (const offset of [0, 1, 2]) {
      assert.equal(await ask('127.0.0.1', first + offset), String(80 + offset));
    }
    assert.equal(await cli.out('port', name, '81/tcp'), `127.0.0.1:${first + 1}`);
    await cli.out('rm', '-f', name);
  });

  it('take the first free one of a range on the host', async () => {
    const names = [unique('a'), unique('b')];
    const first = await freePorts(3);
    for (const [index, name] of names.entries()) {
      const spec = `127.0.0.1:${first}-${first + 1}:80`;
      await cli.out('run', '-d', '--name', name, '-p', spec, ...answering(80));
      assert.equal(await cli.out('port', name, '80/tcp'), `127.0.0.1:${first + index}`);
    }
    await cli.out('rm', '-f', ...names);
  });

  it('are all that is exposed, with -P', async () => {
    const name = unique('all');
    const expose = ['--expose', '80', '--expose', '90-91/udp'];
    await cli.out('run', '-d', '--name', name, '-P', ...expose, ...answering(80));
    const text = await cli.out('port', name);
    for (const port of ['80/tcp', '90/udp', '91/udp']) {
      assert.match(text, new RegExp(`^${port} -> 0\\.0\\.0\\.0:\\d+$`, 'm'));
    }
    const port = /^80\/tcp -> 0\.0\.0\.0:(\d+)$/m.exec(text)?.[1];
    assert.equal(await ask('127.0.0.1', Number(port)), '80');
    await cli.out('rm', '-f', name);
  });

  it('are open by IPv6 too, on all addresses and on one', async () => {
    const name = unique('six');
    const first = await freePorts(3);
    const ports = ['-p', `${first}:80`, '-p', `[::1]:${first + 1}:80`];
    await cli.out('run', '-d', '--name', name, ...ports, ...answering(80));
    assert.equal(await ask('::1', first), '80');
    assert.equal(await ask('127.0.0.1', first), '80');
    assert.equal(await ask('::1', first + 1), '80');
    assert.equal(await askOnce('127.0.0.1', first + 1), '');
    await cli.out('rm', '-f', name);
    assert.equal(await askOnce('::1', first), '');
  });

  it('name who has a taken one', async () => {
    const [holder, other] = [unique('holder'), unique('other')];
    const first = await freePorts(3);
    await cli.out('run', '-d', '--name', holder, '-p', `${first}:80`, ...answering(80));
    const { code, stderr } = await cli.run(['run', '--name', other, '-p', `${first}:81`, 'busybox', 'true']);
    assert.equal(code, 125);
    assert.match(stderr, new RegExp(`Bind for 0\\.0\\.0\\.0:${first} failed: port is already allocated`));
    await cli.out('rm', '-f', holder, other);
  });

  it('of a network of one’s own follow the container to its next network', async () => {
    const [one, two, name] = [unique('one'), unique('two'), unique('mover')];
    const first = await freePorts(3);
    for (const network of [one, two]) await cli.out('network', 'create', network);
    await cli.out('run', '-d', '--name', name, '--network', one, '-p', `${first}:80`, ...answering(80));
    assert.equal(await ask('127.0.0.1', first), '80');
    await cli.out('network', 'connect', two, name);
    await cli.out('network', 'disconnect', one, name);
    assert.equal(await ask('127.0.0.1', first), '80');
    await cli.out('rm', '-f', name);
    await cli.out('network', 'rm', one, two);
  });

  it('come and go while the container runs, and stay so over a restart', async (test) => {
    if (cli.name === 'docker' || engine().kind === 'dockerd') {
      test.skip('Docker cannot do that');
      return;
    }
    const name = unique('live');
    const first = await freePorts(3);
    await cli.out('run', '-d', '--name', name, '-p', `127.0.0.1:${first}:80`, ...answering(80, 81));
    await cli.out('update', '--publish-add', `127.0.0.1:${first + 1}:81`, name);
    assert.equal(await ask('127.0.0.1', first + 1), '81');
    await cli.out('update', '--publish-rm', '80', name);
    assert.equal(await askOnce('127.0.0.1', first), '');
    assert.equal(await cli.out('port', name), `81/tcp -> 127.0.0.1:${first + 1}`);
    await cli.out('restart', '-t', '0', name);
    assert.equal(await ask('127.0.0.1', first + 1), '81');
    const { code, stderr } = await cli.run(['update', '--publish-rm', `${first}:80`, name]);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`"${name}" does not publish 80/tcp on ${first}`));
    await cli.out('rm', '-f', name);
  });
});
