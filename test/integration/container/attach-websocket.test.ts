import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

describe('attach by WebSocket', () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  function connect(name: string, query: string): WebSocket {
    return new WebSocket(`ws+unix://${daemon.socket}:/v1.41/containers/${name}/attach/ws?${query}`);
  }

  test('bytes go both ways, and the end of the process is the end of the connection', async () => {
    const docker = daemon.cli('docker');
    await docker.out(
      'create',
      '--interactive',
      '--name',
      'echo',
      'busybox',
      'sh',
      '-c',
      'read line; echo "got $line"; echo err >&2',
    );
    const socket = connect('echo', 'stream=1&stdin=1&stdout=1&stderr=1');
    await once(socket, 'open');
    const received: Buffer[] = [];
    socket.on('message', (data: Buffer) => received.push(data));
    const closed = once(socket, 'close');
    await docker.out('start', 'echo');
    socket.send('hello\n');
    await closed;
    assert.deepEqual(Buffer.concat(received).toString().split('\n').sort(), ['', 'err', 'got hello']);
    await docker.out('rm', '--force', 'echo');
  });

  test('a client that closes leaves the container running', async () => {
    const docker = daemon.cli('docker');
    await docker.out('run', '--detach', '--tty', '--interactive', '--name', 'shell', 'busybox');
    const socket = connect('shell', 'stream=1&stdin=1&stdout=1');
    await once(socket, 'open');
    const prompt = once(socket, 'message');
    socket.send('echo $((40 + 2))\r');
    await prompt;
    socket.close();
    await once(socket, 'close');
    assert.equal(await docker.out('inspect', '--format', '{{.State.Running}}', 'shell'), 'true');
    await docker.out('rm', '--force', 'shell');
  });

  test('the detach keys leave a terminal, and an event tells it', async () => {
    const docker = daemon.cli('docker');
    await docker.out('run', '--detach', '--tty', '--interactive', '--name', 'left', 'busybox');
    const socket = connect('left', 'stream=1&stdin=1&stdout=1&detachKeys=ctrl-e,DEL');
    await once(socket, 'open');
    socket.send('\x05\x7f');
    await once(socket, 'close');
    assert.equal(await docker.out('inspect', '--format', '{{.State.Running}}', 'left'), 'true');
    const until = `${Math.floor(Date.now() / 1000) + 1}`;
    const past = ['--since', '1', '--until', until, '--filter', 'container=left'];
    const actions = (await docker.out('events', ...past, '--format', '{{.Action}}')).split('\n');
    assert.deepEqual(actions, ['create', 'start', 'attach', 'detach']);
    await docker.out('rm', '--force', 'left');
  });

  test('an unknown container is refused with its status, and so is one that is paused', async () => {
    const docker = daemon.cli('docker');
    await docker.out('run', '--detach', '--name', 'paused', 'busybox', 'sleep', '1000');
    await docker.out('pause', 'paused');
    for (const [name, status] of [
      ['nobody', /404/],
      ['paused', /409/],
    ] as const) {
      const [error] = await once(connect(name, 'stream=1'), 'error');
      assert.match(error.message, status);
    }
    await docker.out('rm', '--force', 'paused');
  });
});
