import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { patience } from './patience.ts';

export interface CommandResult {
  /** Exit code, or 128 + n when a signal ended it, as a shell would say. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  input?: string | Uint8Array;
  environment?: Readonly<Record<string, string | undefined>>;
  directory?: string;
  /** After this the command is killed and the call throws; default 30 s by `patience`. */
  timeoutMs?: number;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs a command to its end and collects what it writes. Throws only when it cannot be started or takes too long. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { input, timeoutMs = 30_000 * patience } = options;
  const child = startCommand(command, args, options);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // The command may end without having read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const started = performance.now();
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  const result = {
    code: code ?? 128 + (signalNumbers[signal] ?? 0),
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
  if (signal === 'SIGKILL' && performance.now() - started >= timeoutMs) {
    throw new Error(
      `${formatCommand(command, args)} did not end within ${timeoutMs} ms\n${formatResult(result)}`,
    );
  }
  return result;
}

/** Runs a command that must succeed, and returns its standard output without white space at the ends. */
export async function outputOf(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runCommand(command, args, options);
  if (result.code !== 0) throw new Error(`${formatCommand(command, args)} failed\n${formatResult(result)}`);
  return result.stdout.trim();
}

/** Starts a command with all three streams piped. */
export function startCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): ChildProcessWithoutNullStreams {
  return spawn(command, args, { env: { ...process.env, ...options.environment }, cwd: options.directory });
}

function formatCommand(command: string, args: readonly string[]): string {
  return [command, ...args].join(' ').slice(0, 500);
}

function formatResult({ code, stdout, stderr }: CommandResult): string {
  return `exit code ${code}\nstdout: ${stdout.slice(-2000)}\nstderr: ${stderr.slice(-2000)}`;
}
