import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { after, suite, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { startTestDaemon } from '#network/testing/test-daemon.ts';
import { waitFor } from '#network/testing/wait-for.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});
const port = 8080;
const message = Buffer.alloc(100_000, 'a message of some length, ');

/** As others of the machine speak to ::1. */
async function connect(): Promise<net.Socket> {
  const socket = net.connect({ host: '::1', port, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

async function echo(socket: net.Socket): Promise<Buffer> {
  const answer = Array.fromAsync<Buffer>(socket);
  socket.end(message);
  return Buffer.concat(await answer);
}

function countDescriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}

suite('connections that are relayed', () => {
  test('are many at once, and leave no descriptor', async () => {
    const server = await daemon.run('server', [{ hostPort: port }]);
    await server.serve(80, 'echo');
    assert.deepEqual(await echo(await connect()), message);
    const before = countDescriptors();
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 200 }, async () => echo(await connect())));
      assert.equal(answers.filter((answer) => answer.equals(message)).length, 200);
    }
    await waitFor('the descriptors to be closed', () => countDescriptors() <= before);
    await daemon.service.detach(server.id);
  });

  test('do not wait for one whose client does not read', async () => {
    const server = await daemon.run('server', [{ hostPort: port }]);
    await server.serve(80, 'echo');
    const idle = await connect();
    const bytes = 128 * 1024 * 1024;
    idle.pause();
    // More than what all buffers on the way take.
    const sent = new Promise((resolve) => idle.write(Buffer.alloc(bytes), resolve));
    assert.deepEqual(await echo(await connect()), message);
    assert.equal(idle.writableNeedDrain, true);
    let received = 0;
    idle.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    idle.resume();
    await sent;
    idle.end();
    await once(idle, 'end');
    assert.equal(received, bytes);
    await daemon.service.detach(server.id);
  });

  test('end as failures with the port, others of the daemon go on', async () => {
    const server = await daemon.run('server', [{ hostPort: port }]);
    await server.serve(80, 'echo');
    const other = await daemon.run('other', [{ hostPort: port + 1 }]);
    await other.serve(80, 'echo');
    const lost = await connect();
    lost.write('x');
    await once(lost, 'data');
    const kept = net.connect({ host: '::1', port: port + 1 });
    kept.write('y');
    assert.equal(String((await once(kept, 'data'))[0]), 'y');
    const failure = once(lost, 'error');
    await daemon.service.detach(server.id);
    assert.equal((await failure)[0].code, 'ECONNRESET');
    kept.write('z');
    assert.equal(String((await once(kept, 'data'))[0]), 'z');
    const end = once(kept, 'error');
    await daemon.restart([other]);
    assert.equal((await end)[0].code, 'ECONNRESET');
    assert.equal(await host.local.transfer('::1', port + 1, 'tcp', 1000), 'whole');
    await daemon.service.detach(other.id);
  });

  test('that the container ends are ended for the client, and the other way round', async () => {
    const server = await daemon.run('server', [{ hostPort: port }]);
    await server.serve(80, 'web');
    const socket = await connect();
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^web /);
    await once(socket, 'end');
    const before = countDescriptors();
    socket.resetAndDestroy();
    await waitFor('the descriptors to be closed', () => countDescriptors() < before - 1);
    await daemon.service.detach(server.id);
  });
});
