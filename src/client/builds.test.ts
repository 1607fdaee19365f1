import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { buildImage } from '#client/builds.ts';
import { createFakeServers, kindIs } from '#client/testing/fake-servers.ts';

/** Tells what it is asked for. */
function speaking(server: string, asked: string[]) {
  return (socket: Socket) =>
    socket.on('data', (bytes) => {
      asked.push(bytes.toString('latin1').split(/[ ?]/, 2).join(' '));
      socket.write(`HTTP/1.1 200 OK\r\nServer: ${server}\r\nContent-Length: 0\r\n\r\n`);
    });
}

describe('buildImage', () => {
  const plain = { query: { 'dhow-events': true, 'dhow-allow': [] }, context: undefined, headers: {} };
  const secret = { ...plain, headers: { 'X-Dhow-Build-Secrets': 'e30' } };
  const contexts = { ...plain, query: { 'dhow-contexts': '{}' } };

  it('asks no other daemon for what only Dhow has', async () => {
    using servers = createFakeServers();
    const asked: string[] = [];
    const client = await servers.daemon(speaking('Docker/28.2.2 (linux)', asked));
    await assert.rejects(buildImage(client, secret), kindIs('Unsupported', /not Dhow's.*: secrets;/));
    await assert.rejects(buildImage(client, contexts), kindIs('Unsupported', /: contexts;/));
    assert.deepEqual(asked, ['HEAD /_ping', 'HEAD /_ping']);
    await buildImage(client, plain);
    assert.deepEqual(asked.slice(2), ['POST /build']);
  });

  it('asks Dhow for it', async () => {
    using servers = createFakeServers();
    const asked: string[] = [];
    const client = await servers.daemon(speaking('Dhow/0.1.0 (linux)', asked));
    await buildImage(client, secret);
    assert.deepEqual(asked, ['HEAD /_ping', 'POST /build']);
  });
});
