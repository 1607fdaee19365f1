import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { defuse } from '#runtime/conmon/errors.ts';
import { openPidfd } from '#sys/pidfd.ts';
import { openPipe } from '#sys/pipe.ts';
import { readPipe } from '#sys/read-pipe.ts';
import { reap, spawn } from '#sys/spawn.ts';

/** What the OCI runtime says when it fails is a few lines; more is cut. */
const outputLimit = 64 * 1024;

/**
 * Runs a command of the OCI runtime on a container, whose id is the last argument.
 * @throws Internal with the runtime's last words when it fails
 */
export async function runOciRuntime(
  context: RuntimeContext,
  containerId: string,
  command: string[],
): Promise<void> {
  const { program, state } = context.makers.of(containerId);
  const args = ['--root', state, ...command, containerId];
  const { readFd, writeFd } = openPipe();
  const { promise: exited, resolve, reject } = Promise.withResolvers<number>();
  try {
    const pid = await spawn({
      path: program,
      args,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      descriptors: [{ target: 2, source: writeFd }],
      newSession: false,
    });
    context.poller.watchExit(openPidfd(pid), () => resolve(reap(pid) ?? 255));
  } catch (error) {
    fs.closeSync(readFd);
    reject(error);
  } finally {
    fs.closeSync(writeFd);
  }
  const code = await exited;
  const text = await readPipe(readFd, outputLimit);
  if (code === 0) return;
  const lines = text.toString('utf8').trim().split('\n');
  throw new DhowError(
    'Internal',
    `${path.basename(program)} ${[...command, containerId].join(' ')} failed with code ${code}: ${defuse(lines.at(-1) ?? '')}`,
  );
}
