import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { waitFor } from './wait-for.ts';

/** git's own server, for directories below one. */
export async function serveGit(directory: string): Promise<AsyncDisposable & { port: number }> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  const args = [
    'daemon',
    '--export-all',
    '--reuseaddr',
    '--listen=127.0.0.1',
    `--port=${port}`,
    `--base-path=${directory}`,
  ];
  const child = spawn('git', [...args, directory], { stdio: 'ignore', detached: true });
  await waitFor('git daemon', async () => {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      // git starts its server as a process of its own; both are of one group.
      process.kill(-(child.pid as number), 'SIGKILL');
      await once(child, 'exit');
    },
  };
}
