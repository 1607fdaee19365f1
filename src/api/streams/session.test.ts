import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { serveSession } from '#api/streams/session.ts';
import type { AttachSession } from '#engine/containers.ts';

const piece = new Uint8Array(64 * 1024);
const options = { stdin: true, framed: true, detachKeys: Uint8Array.of(16, 17) };

function fakeSession(output: AttachSession['output'], more: Partial<AttachSession> = {}): AttachSession {
  return { terminal: false, output, async write() {}, closeInput() {}, close() {}, ...more };
}

test('a client that does not read holds the output back', async () => {
  let produced = 0;
  async function* output() {
    for (; produced < 200; produced++) yield { stream: 'stdout' as const, bytes: piece };
  }
  const [client, socket] = duplexPair();
  const served = serveSession(socket, fakeSession(output()), options);
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.ok(produced < 5, `${produced} pieces were taken without a reader`);
  let received = 0;
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  client.end();
  await Promise.all([served, once(client, 'end')]);
  assert.equal(received, 200 * (piece.length + 8));
});

test('a process that does not read holds the client back', async () => {
  const released = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let taken = 0;
  async function* output() {
    await ended.promise;
    yield* [];
  }
  const session = fakeSession(output(), {
    async write(bytes) {
      taken += bytes.length;
      await released.promise;
    },
    closeInput: () => ended.resolve(),
  });
  const [client, socket] = duplexPair();
  const served = serveSession(socket, session, options);
  for (let count = 0; count < 20; count++) client.write(piece);
  client.end();
  client.resume();
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.ok(taken <= piece.length, `${taken} bytes were taken`);
  released.resolve();
  await served;
  assert.equal(taken, 20 * piece.length);
});

test('an input that ended before the process was there is its end of input', async () => {
  const closed = Promise.withResolvers<void>();
  async function* output() {
    await closed.promise;
    yield* [];
  }
  const [client, socket] = duplexPair();
  client.end();
  client.resume();
  // As a socket does, which looks for its end although it is paused.
  socket.read(0);
  await once(socket, 'end');
  await serveSession(socket, fakeSession(output(), { closeInput: () => closed.resolve() }), options);
});

test('a client that goes away closes its session', async () => {
  const closed = Promise.withResolvers<void>();
  async function* output() {
    await closed.promise;
    yield* [];
  }
  const [, socket] = duplexPair();
  const served = serveSession(socket, fakeSession(output(), { close: () => closed.resolve() }), options);
  socket.destroy();
  await served;
});
