import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { after, describe, test } from 'node:test';
import { type Client, createClient } from '#client/client.ts';
import { DaemonError } from '#client/daemon-error.ts';
import { readJson, readText } from '#client/read-body.ts';
import { createInProcessTransport, createTransport } from '#client/transport.ts';
import { isDhowError } from '#errors/error.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
after(() => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
});

/** A daemon that answers each connection by a script. */
async function daemon(script: (socket: Socket, connection: number) => void): Promise<Client> {
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    script(socket, ++connections);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return createClient({
    transport: createTransport(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`),
  });
}

/** Answers each request that arrives (each `data` event) by the same bytes, sent in the given pieces. */
const replying = (...pieces: (string | Buffer)[]) => {
  return (socket: Socket) => {
    socket.setNoDelay(true);
    socket.on('data', () => {
      let turn = Promise.resolve();
      for (const piece of pieces) {
        turn = turn.then(() => new Promise((done) => socket.write(piece, () => setImmediate(done))));
      }
    });
  };
};

const get = async (client: Client) => {
  const response = await client.request({ method: 'GET', path: '/x' });
  return readText(response.body, 1 << 20, 'refuse');
};

const kindIs = (kind: string, message: RegExp) => (error: unknown) => {
  assert.ok(isDhowError(error), String(error));
  assert.equal(error.kind, kind);
  assert.match(error.message, message);
  return true;
};

describe('answers that are read', () => {
  const cases: Record<string, [pieces: string[], body: string]> = {
    'a length': [['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'], 'hello'],
    'every byte on its own': [
      [...'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
      'abc',
    ],
    'chunks with extensions and trailers': [
      [
        'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3;a="b;c"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n',
      ],
      'abc0123456789',
    ],
    'interim responses first': [
      [
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n',
        'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na',
      ],
      'a',
    ],
    'no body at 204': [['HTTP/1.1 204 No Content\r\n\r\n'], ''],
    'no body at 304 in spite of a length': [['HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'], ''],
    'an empty body': [['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], ''],
  };
  for (const [name, [pieces, body]] of Object.entries(cases)) {
    test(name, async () => {
      const client = await daemon(replying(...pieces));
      assert.equal(await get(client), body);
      // The connection is kept and the next answer is read the same way.
      assert.equal(await get(client), body);
      client.close();
    });
  }

  test('a body until the connection closes', async () => {
    const client = await daemon((socket) => {
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'));
    });
    assert.equal(await get(client), 'all of it');
  });
});

describe('answers that are refused as Unavailable', () => {
  const cases: Record<string, [pieces: string[], message: RegExp]> = {
    'another protocol': [['SSH-2.0-OpenSSH_9\r\n'], /no daemon/],
    'another protocol, without a line end': [['\x16\x03\x01\x02'], /no daemon/],
    'a header above the bound': [
      ['HTTP/1.1 200 OK\r\n', `X: ${'y'.repeat(70_000)}\r\n`],
      /header above 64 KiB/,
    ],
    'a header without a colon': [['HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'], /malformed/],
    'a chunk size that is no number': [
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
      /chunk size/,
    ],
    'an endless chunk extension': [
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;', 'x'.repeat(20_000)],
      /line above/,
    ],
    'a chunk that goes on': [
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc'],
      /longer than its size/,
    ],
    'a negative length': [['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'], /content length/],
    'two lengths': [['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'], /two different/],
    'an unasked upgrade': [['HTTP/1.1 101 Switching\r\n\r\n'], /unasked/],
  };
  for (const [name, [pieces, message]] of Object.entries(cases)) {
    test(name, async () => {
      await assert.rejects(get(await daemon(replying(...pieces))), kindIs('Unavailable', message));
    });
  }

  test('an end in the middle of a body', async () => {
    const client = await daemon((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
    });
    await assert.rejects(get(client), kindIs('Unavailable', /middle of an answer/));
  });

  test('a hang-up without an answer', async () => {
    const client = await daemon((socket) => socket.once('data', () => socket.end()));
    await assert.rejects(get(client), kindIs('Unavailable', /hung up/));
  });

  test('a body that is not JSON', async () => {
    const client = await daemon(replying('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html'));
    const response = await client.request({ method: 'GET', path: '/x' });
    await assert.rejects(readJson(response), kindIs('Unavailable', /not JSON/));
  });
});

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
