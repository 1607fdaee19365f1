import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';
import { daemonRunningExitCode } from '#errors/exit-codes.ts';

export interface DaemonStart {
  readonly socketPath: string;
  /** The daemon's main file; undefined: `dhow daemon` of this CLI. */
  readonly entry: string | undefined;
  /** Bound of the wait for the socket. Default: 10 s. */
  readonly timeoutMs?: number;
}

const retryMs = 5;
/** How much of the log is shown when the daemon dies. */
const shownLogBytes = 4096;
const shownLogLines = 15;

/**
 * Starts the daemon in a session of its own, its output going to a log beside the socket, and returns when it accepts
 * connections. Two CLIs that start one at the same time are no harm: the second daemon finds the first and ends, and both CLIs
 * find the socket.
 *
 * @throws Unavailable with the daemon's last words when it ends or does not listen in time
 */
export async function startDaemon(start: DaemonStart, signal?: AbortSignal): Promise<void> {
  const [program, argument] =
    start.entry === undefined ? [ownProgram(), 'daemon'] : [process.execPath, start.entry];
  const { log, path } = openLog(start.socketPath);
  const offset = fstatSync(log).size;
  let ended: string | undefined;
  let another = false;
  try {
    // `env -i`-like cleanliness is not wanted: proxies and the like are meant for the daemon too. A DOCKER_HOST is not.
    const { DOCKER_HOST: _, ...environment } = process.env;
    const child = spawn(program, [argument], {
      cwd: '/',
      detached: true,
      env: environment,
      stdio: ['ignore', log, log],
    });
    child.once('error', (error) => {
      ended = `cannot start the daemon: ${messageOf(error)}`;
    });
    child.once('exit', (code, by) => {
      another = code === daemonRunningExitCode;
      ended = `the daemon ended at its start (${by ?? `exit code ${code}`})`;
    });
    child.unref();

    const deadline = performance.now() + (start.timeoutMs ?? 10_000);
    // One that ended because it found another is no failure: that one is just starting.
    for (let last = false; !(await accepts(start.socketPath)); last = ended !== undefined && !another) {
      signal?.throwIfAborted();
      if (last || performance.now() > deadline) {
        const why =
          ended ??
          `the daemon does not listen on unix://${start.socketPath} after ${(start.timeoutMs ?? 10_000) / 1000} s`;
        throw new DhowError('Unavailable', `${why}; ${lastWords(log, offset, path)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  } finally {
    closeSync(log);
  }
}

/** It knows how Node is to be started. The same from `dist/cli` as from `src/cli`. */
function ownProgram(): string {
  return join(import.meta.dirname, '../../bin/dhow');
}

function openLog(socketPath: string): { log: number; path: string } {
  const path = join(dirname(socketPath), 'daemon.log');
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
    return { log: openSync(path, 'a+', 0o600), path };
  } catch (error) {
    throw new DhowError(
      'Unavailable',
      `no daemon is running at unix://${socketPath} and this user cannot start one (${messageOf(error)}); start it as root: dhow daemon`,
      { cause: error },
    );
  }
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What the daemon wrote to its log since `offset`, shortened. */
function lastWords(log: number, offset: number, path: string): string {
  const size = fstatSync(log).size;
  const from = Math.max(offset, size - shownLogBytes);
  const buffer = Buffer.alloc(Math.max(size - from, 0));
  const length = readSync(log, buffer, 0, buffer.length, from);
  const lines = buffer.toString('utf8', 0, length).trimEnd().split('\n').slice(-shownLogLines);
  if (lines.join('') === '') return `its log ${path} says nothing`;
  return `its log ${path} ends with:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
