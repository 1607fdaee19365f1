import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readJson } from '#client/read-body.ts';
import { createFakeServers, get, kindIs, replying } from '#client/testing/fake-servers.ts';

const servers = createFakeServers();
const { daemon } = servers;
after(() => servers[Symbol.dispose]());

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
