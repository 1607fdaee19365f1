import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sessionMethods } from '#buildkit/messages/session.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import { kindOf } from '#errors/error.ts';

/**
 * The client's SSH agent as a socket on this host, for as long as it is not disposed.
 * @param id which agent; `default` where the client gave it no name
 * @returns undefined when the client has none of that name
 */
export async function openAgentSocket(
  session: Session,
  id: string,
  directory: string,
  signal: AbortSignal,
): Promise<(AsyncDisposable & { path: string }) | undefined> {
  if (!session.offers(sessionMethods.checkAgent)) return undefined;
  try {
    await session.client.call(sessionMethods.checkAgent, { id }, { signal });
  } catch (error) {
    if (kindOf(error) === 'Cancelled' || kindOf(error) === 'Unavailable') throw error;
    return undefined;
  }
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });
  const file = path.join(directory, `${randomUUID()}.sock`);
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    // A connection that breaks is the business of the command that made it.
    forward(session, id, socket, signal).catch(() => socket.destroy());
  });
  const connections = new Set<net.Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(file);
  await once(server, 'listening');
  // The command may run as any user; the socket's directory is bound into its container alone.
  fs.chmodSync(file, 0o666);
  return {
    path: file,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(session: Session, id: string, socket: net.Socket, signal: AbortSignal): Promise<void> {
  const call = session.client.open(sessionMethods.forwardAgent, {
    headers: { 'buildkit.ssh.id': id },
    signal,
  });
  const upward = async (): Promise<void> => {
    for await (const data of socket as AsyncIterable<Buffer>) await call.send({ data });
    call.end();
  };
  async function* downward(): AsyncGenerator<Uint8Array> {
    for await (const { data } of call.messages) yield data;
  }
  await Promise.all([upward(), pipeline(downward, socket)]);
}
