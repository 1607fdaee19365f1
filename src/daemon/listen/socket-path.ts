import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * Makes the way free for listening on a unix socket: its directory exists, and a socket file that a dead daemon left is gone.
 * @throws Conflict when somebody answers there
 */
export async function prepareSocketPath(socketPath: string): Promise<void> {
  fs.mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o711 });
  if (await answers(socketPath)) {
    throw new DhowError(
      'Conflict',
      `another daemon listens on unix://${socketPath}: stop it first, or choose another socket with --host`,
      { reason: 'daemon-running' },
    );
  }
  const left = fs.lstatSync(socketPath, { throwIfNoEntry: false });
  if (left && !left.isSocket()) {
    throw new DhowError('Conflict', `${socketPath} exists and is no socket: choose another path with --host`);
  }
  fs.rmSync(socketPath, { force: true });
}

function answers(socketPath: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = net.connect(socketPath);
  socket.once('connect', () => resolve(true));
  socket.once('error', (error) => {
    if (hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ENOTSOCK')) resolve(false);
    else reject(error);
  });
  return promise.finally(() => socket.destroy());
}
