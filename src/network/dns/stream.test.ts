import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { serveStream } from '#network/dns/stream.ts';

async function connect(serve: (message: Buffer, reply: (answer: Buffer) => void) => void) {
  const server = net.createServer((socket) => serveStream(socket, serve)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  return {
    client,
    accepted,
    [Symbol.dispose]() {
      client.destroy();
      server.close();
    },
  };
}

const framed = (text: string): Buffer => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);

test('queries are answered however they are cut, and late answers too', async () => {
  using connection = await connect((message, reply) => {
    const answer = Buffer.from(`${message}!`);
    if (message.equals(Buffer.from('b'))) setImmediate(() => reply(answer));
    else reply(answer);
  });
  const { client } = connection;
  const bytes = Buffer.concat([framed('aa'), framed('b'), framed('ccc')]);
  for (const byte of bytes) client.write(Buffer.of(byte));
  let received = '';
  for await (const chunk of client) {
    received += chunk;
    if (received.length >= 15) break;
  }
  assert.deepEqual(new Set(received.match(/[a-c]+!/g)), new Set(['aa!', 'b!', 'ccc!']));
});

test('a query that is too long ends the connection', async () => {
  using connection = await connect((_message, reply) => reply(Buffer.from('never')));
  connection.client.write(Buffer.from([0xff, 0xff, 0]));
  connection.client.resume();
  await once(connection.client, 'close');
});

test('who asks and does not read is cut off, and costs no memory', async () => {
  let answered = 0;
  using connection = await connect((_message, reply) => {
    answered++;
    reply(Buffer.alloc(60_000));
  });
  const { client, accepted } = connection;
  client.on('error', () => {});
  client.pause();
  client.write(Buffer.concat(Array.from({ length: 20_000 }, () => framed('x'))));
  await once(accepted, 'close');
  assert.ok(answered < 1000, `${answered} answers`);
});
