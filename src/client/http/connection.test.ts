import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, describe, test } from 'node:test';
import { createClient } from '#client/client.ts';
import { readText } from '#client/read-body.ts';
import { createFakeServers, get, kindIs, replying } from '#client/testing/fake-servers.ts';
import { createTransport } from '#client/transport.ts';

const servers = createFakeServers();
const { daemon } = servers;
after(() => servers[Symbol.dispose]());

describe('connections', () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';

  test('are kept between requests and not after Connection: close', async () => {
    const seen: number[] = [];
    const client = await daemon((socket, connection) => {
      socket.on('data', () => {
        seen.push(connection);
        const close = seen.length === 2;
        socket.write(`HTTP/1.1 200 OK\r\n${close ? 'Connection: close\r\n' : ''}Content-Length: 2\r\n\r\nok`);
      });
    });
    for (let count = 0; count < 3; count++) assert.equal(await get(client), 'ok');
    assert.deepEqual(seen, [1, 1, 2]);
  });

  test('a GET is repeated when a kept connection was closed, a POST is not', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const client = await daemon((socket, connection) => {
        let requests = 0;
        socket.on('data', () => {
          if (connection === 1 && ++requests === 2) socket.destroy();
          else socket.write(`${ok}ok`);
        });
      });
      await get(client);
      const second = client
        .request({ method, path: '/x' })
        .then((response) => readText(response.body, 9, 'refuse'));
      if (method === 'GET') assert.equal(await second, 'ok');
      else await assert.rejects(second, kindIs('Unavailable', /hung up/));
    }
  });

  test('nobody listens: the message says where', async () => {
    const client = createClient({ transport: createTransport('unix:///nonexistent/dhow.sock') });
    await assert.rejects(
      get(client),
      kindIs(
        'Unavailable',
        /^Cannot connect to the Dhow daemon at unix:\/\/\/nonexistent\/dhow.sock. Is the daemon running\?$/,
      ),
    );
  });

  test('an abort ends a request that waits and a body that is read', async () => {
    const client = await daemon((socket) => socket.on('data', () => {}));
    const waiting = new AbortController();
    const request = client.request({ method: 'GET', path: '/x' }, waiting.signal);
    setImmediate(() => waiting.abort());
    await assert.rejects(request, kindIs('Cancelled', /cancelled/));

    const endless = await daemon(replying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n'));
    const reading = new AbortController();
    const response = await endless.request({ method: 'GET', path: '/x' }, reading.signal);
    await assert.rejects(
      async () => {
        for await (const _ of response.body) reading.abort();
      },
      kindIs('Cancelled', /cancelled/),
    );
  });

  test('a reader that leaves early closes the connection', async () => {
    let closed: Promise<unknown> | undefined;
    const client = await daemon((socket) => {
      closed = once(socket, 'end');
      replying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')(socket);
    });
    const response = await client.request({ method: 'GET', path: '/x' });
    for await (const _ of response.body) break;
    await closed;
  });

  test('a slow reader slows the daemon down', async () => {
    const piece = Buffer.alloc(64 * 1024);
    let written = 0;
    let blocked: (() => void) | undefined;
    const isBlocked = new Promise<void>((resolve) => {
      blocked = resolve;
    });
    const total = 64 * 1024 * 1024;
    const client = await daemon((socket) => {
      const fill = () => {
        while (written < total) {
          written += piece.length;
          if (!socket.write(piece)) {
            if (written > 8 * piece.length) blocked?.();
            return;
          }
        }
      };
      socket.on('drain', fill);
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
        fill();
      });
    });
    const response = await client.request({ method: 'GET', path: '/x' });
    await isBlocked;
    assert.ok(response.body.readableLength <= 1024 * 1024);
    let read = 0;
    for await (const chunk of response.body) read += (chunk as Buffer).length;
    assert.equal(read, total);
  });
});
