import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { after, describe, test } from 'node:test';
import { createClient } from '#client/client.ts';
import { DaemonError } from '#client/daemon-error.ts';
import { createFakeServers, get, kindIs, replying } from '#client/testing/fake-servers.ts';
import { createInProcessTransport, createTransport } from '#client/transport.ts';

const servers = createFakeServers();
const { daemon } = servers;
after(() => servers[Symbol.dispose]());

describe('requests', () => {
  const echo = () => {
    let request = '';
    const client = daemon((socket) => {
      socket.on('data', (bytes) => {
        request += bytes;
        if (/\r\n\r\n(.*\r\n0\r\n\r\n$|[^\r]*$)/s.test(request)) socket.write('HTTP/1.1 204\r\n\r\n');
      });
    });
    return { client, text: () => request };
  };

  test('carry query, JSON and no version', async () => {
    const { client, text } = echo();
    await (await client).request({
      method: 'POST',
      path: '/containers/create',
      query: { name: 'ä b', t: -1, names: ['a', 'b&c'], left: undefined, force: true },
      body: { json: { Image: 'ü' } },
    });
    assert.match(
      text(),
      /^POST \/containers\/create\?name=%C3%A4%20b&t=-1&names=a&names=b%26c&force=true HTTP\/1.1\r\n/,
    );
    assert.match(text(), /\r\nContent-Length: 14\r\n\r\n\{"Image":"ü"\}$/);
  });

  test('send a stream in chunks', async () => {
    const { client, text } = echo();
    const stream = (async function* () {
      yield Buffer.from('abc');
      yield Buffer.alloc(0);
      yield Buffer.from('0123456789abcdef');
    })();
    await (await client).request({
      method: 'POST',
      path: '/x',
      body: { stream, contentType: 'application/x-tar' },
    });
    assert.match(
      text(),
      /Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n$/,
    );
  });

  test('cannot smuggle a header or another request', async () => {
    const client = createClient({ transport: createTransport('unix:///nonexistent') });
    const refused = kindIs('InvalidParameter', /not sendable/);
    await assert.rejects(client.request({ method: 'GET', path: '/x', headers: { A: 'b\r\nC: d' } }), refused);
    await assert.rejects(client.request({ method: 'GET', path: '/x HTTP/1.1\r\n\r\nGET /y' }), refused);
    await assert.rejects(client.request({ method: 'GET', path: '/a b' }), refused);
  });

  test('an upload stops when the daemon has refused it', async () => {
    const client = await daemon((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 400 Bad\r\nContent-Length: 17\r\n\r\n{"message":"no!"}'),
      );
    });
    let stopped = false;
    const stream = (async function* () {
      try {
        for (;;) yield Buffer.alloc(64 * 1024);
      } finally {
        stopped = true;
      }
    })();
    await assert.rejects(
      client.request({ method: 'POST', path: '/x', body: { stream, contentType: 'application/x-tar' } }),
      kindIs('InvalidParameter', /^no!$/),
    );
    while (!stopped) await new Promise(setImmediate);
  });
});

describe('refusals', () => {
  const cases: [status: number, body: string, kind: string, reason: string | undefined, message: string][] = [
    [
      404,
      '{"message":"No such image: x","kind":"NotFound","reason":"image-not-found"}',
      'NotFound',
      'image-not-found',
      'No such image: x',
    ],
    [404, '{"message":"No such image: x:latest"}', 'NotFound', 'image-not-found', 'No such image: x:latest'],
    [409, '{"message":"odd","kind":"Novel","reason":"novel"}', 'Internal', undefined, 'odd'],
    [418, 'I am a proxy\n', 'Internal', undefined, 'I am a proxy'],
    [503, '', 'Unavailable', undefined, 'the daemon answered with status 503'],
    [
      400,
      '{"message":"OCI runtime create failed: exec: \\"x\\": executable file not found in $PATH"}',
      'InvalidParameter',
      'executable-not-found',
      'OCI runtime create failed: exec: "x": executable file not found in $PATH',
    ],
  ];
  for (const [status, body, kind, reason, message] of cases) {
    test(`${status} ${body}`, async () => {
      const client = await daemon(
        replying(`HTTP/1.1 ${status} X\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
      );
      await assert.rejects(get(client), (error) => {
        assert.ok(error instanceof DaemonError);
        assert.deepEqual(
          [error.status, error.kind, error.reason, error.message],
          [status, kind, reason, message],
        );
        return true;
      });
    });
  }

  test('an endless refusal is cut', async () => {
    const client = await daemon((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 500 X\r\n\r\n');
        const fill = () => {
          while (!socket.destroyed && socket.write('x'.repeat(65536)));
        };
        socket.on('drain', fill);
        fill();
      });
    });
    await assert.rejects(get(client), kindIs('Internal', /^x{262144}$/));
  });
});

describe('an upgraded connection', () => {
  for (const head of [
    'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n',
  ]) {
    test(`${head.slice(9, 12)}: carries bytes both ways and keeps a half open`, async () => {
      const client = await daemon((socket) => {
        let input = '';
        socket.once('data', () => {
          socket.write(`${head}first`);
          socket.on('data', (bytes) => {
            input += bytes;
          });
          socket.on('end', () => socket.end(` then ${input}`));
        });
      });
      const { stream } = await client.upgrade({ method: 'POST', path: '/attach' });
      stream.end('input');
      assert.equal(Buffer.concat(await stream.toArray()).toString(), 'first then input');
    });
  }

  test('a refusal is an error as for any request', async () => {
    const client = await daemon(replying('HTTP/1.1 404 X\r\nContent-Length: 19\r\n\r\n{"message":"none "}'));
    await assert.rejects(client.upgrade({ method: 'POST', path: '/attach' }), kindIs('NotFound', /^none $/));
  });
});

test('an in-process transport needs no socket', async () => {
  const transport = createInProcessTransport(() => {
    const [ours, theirs] = duplexPair();
    theirs.once('data', () => theirs.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
    return ours;
  });
  assert.equal(await get(createClient({ transport })), 'hi');
});
