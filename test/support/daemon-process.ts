import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { patience } from './patience.ts';
import { waitFor } from './wait-for.ts';

/** A daemon in the foreground that answers on a unix socket. */
export interface DaemonProcess {
  readonly pid: number;
  /** SIGTERM, and SIGKILL after 20 s. */
  stop(): Promise<void>;
  /** SIGKILL: the daemon gets no chance to say goodbye. */
  kill9(): Promise<void>;
}

/**
 * Starts it and waits until `GET /_ping` is answered. Output is appended to `logFile`.
 * Throws with the log's end when it exits before.
 */
export async function startDaemonProcess(
  command: string,
  args: readonly string[],
  socket: string,
  logFile: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<DaemonProcess> {
  const log = fs.openSync(logFile, 'a');
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...environment },
  });
  fs.closeSync(log);
  const ended = once(child, 'exit');
  let failure: string | undefined;
  ended.then(
    ([code, signal]) => {
      failure ??= `${command} ended with ${signal ?? code}`;
    },
    (error) => {
      failure ??= `${command} cannot be started: ${error}`;
    },
  );
  try {
    await waitFor(`${command} to answer`, async () => failure !== undefined || (await ping(socket)));
    if (failure !== undefined) throw new Error(failure);
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`${failure ?? 'no answer'}\n${fs.readFileSync(logFile, 'utf8').slice(-3000)}`, { cause });
  }
  return {
    pid: child.pid ?? 0,
    stop: () => end(child, ended, 'SIGTERM'),
    kill9: () => end(child, ended, 'SIGKILL'),
  };
}

/** Whether a daemon answers on the socket. */
export function ping(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get(
      { socketPath: socket, path: '/_ping', agent: false, timeout: 5000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.on('error', () => resolve(false));
  });
}

async function end(child: ChildProcess, ended: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const inTime = new AbortController();
  await Promise.race([
    ended,
    delay(20_000 * patience, undefined, { signal: inTime.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    ),
  ]);
  inTime.abort();
  await ended;
}
