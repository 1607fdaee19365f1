import path from 'node:path';
import { createInterface } from 'node:readline';
import { startCommand } from './command.ts';
import { waitFor } from './wait-for.ts';

/** A stand-in for systemd (supervisor.py) that runs one program, with a unix socket and a port that it listens on. */
export interface Supervisor extends AsyncDisposable {
  readonly port: number;
  /** Starts the program. @returns its pid */
  start(): Promise<number>;
  /** What the program told since it was started, in order: the variables of each message. */
  told(): readonly Readonly<Record<string, string>>[];
  /** Waits for the program's end. @returns its exit code, negative for a signal */
  ended(): Promise<number>;
}

interface Report {
  port?: number;
  pid?: number;
  told?: Record<string, string>;
  exit?: number;
}

/** @param directory only gives a name that nobody else uses */
export async function startSupervisor(
  directory: string,
  socket: string,
  command: readonly string[],
): Promise<Supervisor> {
  const script = path.join(import.meta.dirname, 'supervisor.py');
  const child = startCommand('/usr/bin/python3', [script, directory, socket, ...command]);
  let reports: Report[] = [];
  let log = '';
  createInterface(child.stdout).on('line', (line) => reports.push(JSON.parse(line) as Report));
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  /** The first report that has `key`. */
  const of = async (key: 'port' | 'pid' | 'exit'): Promise<number> => {
    try {
      return await waitFor(key, () => reports.find((report) => report[key] !== undefined)?.[key]);
    } catch (cause) {
      throw new Error(`the supervisor says: ${log.slice(-3000)}`, { cause });
    }
  };
  const port = await of('port');
  return {
    port,
    start() {
      reports = [];
      child.stdin.write('start\n');
      return of('pid');
    },
    told: () => reports.flatMap(({ told }) => (told ? [told] : [])),
    ended: () => of('exit'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    },
  };
}
