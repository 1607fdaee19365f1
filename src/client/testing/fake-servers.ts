import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Client, createClient } from '#client/client.ts';
import { readText } from '#client/read-body.ts';
import { createTransport } from '#client/transport.ts';
import { isDhowError } from '#errors/error.ts';

export interface FakeServers extends Disposable {
  /** A daemon that answers each connection by a script, and a client of it. */
  daemon(script: (socket: Socket, connection: number) => void): Promise<Client>;
}

export function createFakeServers(): FakeServers {
  const opened: (() => void)[] = [];
  return {
    async daemon(script) {
      let connections = 0;
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        opened.push(() => socket.destroy());
        socket.on('error', () => {});
        script(socket, ++connections);
      });
      opened.push(() => server.close());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      return createClient({ transport: createTransport(`tcp://127.0.0.1:${port}`) });
    },
    [Symbol.dispose]() {
      for (const close of opened.splice(0)) close();
    },
  };
}

/** Answers each request that arrives (each `data` event) by the same bytes, sent in the given pieces. */
export function replying(...pieces: (string | Buffer)[]): (socket: Socket) => void {
  return (socket) => {
    socket.setNoDelay(true);
    socket.on('data', () => {
      let turn = Promise.resolve();
      for (const piece of pieces) {
        turn = turn.then(() => new Promise((done) => socket.write(piece, () => setImmediate(done))));
      }
    });
  };
}

export async function get(client: Client): Promise<string> {
  const response = await client.request({ method: 'GET', path: '/x' });
  return readText(response.body, 1 << 20, 'refuse');
}

/** For `assert.rejects`. */
export function kindIs(kind: string, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(isDhowError(error), String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}
