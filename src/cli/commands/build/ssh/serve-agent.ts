import { once } from 'node:events';
import net from 'node:net';
import { FieldReader, field, uint32 } from '#cli/commands/build/ssh/fields.ts';
import type { SshKey } from '#cli/commands/build/ssh/read-key.ts';

/** Messages of the agent protocol (draft-miller-ssh-agent, section 6.1). */
const failure = 5;
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;

/** OpenSSH's own bound. */
const maxMessageBytes = 256 * 1024;

/** An agent on a unix socket that lists keys and signs with them, and does nothing else. */
export async function serveAgent(socket: string, keys: readonly SshKey[]): Promise<AsyncDisposable> {
  const connections = new Set<net.Socket>();
  const server = net.createServer((connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', () => connection.destroy());
    answerAll(connection, keys);
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function answerAll(connection: net.Socket, keys: readonly SshKey[]): void {
  let pending = Buffer.alloc(0);
  connection.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const length = pending.readUInt32BE();
      if (length > maxMessageBytes) {
        connection.destroy();
        return;
      }
      if (pending.length < 4 + length) return;
      connection.write(field(answer(pending.subarray(4, 4 + length), keys)));
      pending = pending.subarray(4 + length);
    }
  });
}

function answer(message: Buffer, keys: readonly SshKey[]): Buffer {
  try {
    const fields = new FieldReader(message.subarray(1));
    switch (message[0]) {
      case requestIdentities: {
        const identities = keys.flatMap(({ publicKey, comment }) => [field(publicKey), field(comment)]);
        return Buffer.concat([Buffer.of(identitiesAnswer), uint32(keys.length), ...identities]);
      }
      case signRequest: {
        const [wanted, data, flags] = [fields.field(), fields.field(), fields.uint32()];
        const key = keys.find(({ publicKey }) => publicKey.equals(wanted));
        if (key === undefined) break;
        return Buffer.concat([Buffer.of(signResponse), field(key.sign(data, flags))]);
      }
    }
  } catch {
    // A malformed request is answered as one that cannot be fulfilled.
  }
  return Buffer.of(failure);
}
