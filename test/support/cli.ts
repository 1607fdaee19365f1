import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { type CommandOptions, type CommandResult, outputOf, runCommand, startCommand } from './command.ts';
import { startTerminal, type Terminal } from './terminal.ts';

export const repository = path.resolve(import.meta.dirname, '../..');
export const dhowProgram = path.join(repository, 'bin/dhow');

/** One of the two command lines, bound to a daemon. */
export interface Cli {
  readonly name: CliName;
  /** Runs a command to its end, whatever its exit code. */
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs a command that must succeed and returns what it printed, trimmed. */
  out(...args: string[]): Promise<string>;
  /** Starts a command with its streams piped. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
  /** Starts a command on a terminal of its own. */
  terminal(args: readonly string[]): Terminal;
}

export type CliName = 'docker' | 'dhow';

/** Every scenario runs with both command lines; DHOW_TEST_CLI picks one. */
export const cliNames: readonly CliName[] = (['docker', 'dhow'] as const).filter(
  (name) => (process.env['DHOW_TEST_CLI'] ?? name) === name,
);

/** `address` is asked at each call, as the daemon may not have been started when the command line is made. */
export function createCli(name: CliName, address: () => { host: string; configDirectory: string }): Cli {
  const program = name === 'docker' ? 'docker' : dhowProgram;
  const environment = (): Record<string, string | undefined> => {
    const { host, configDirectory } = address();
    return { DOCKER_HOST: host, DOCKER_CONFIG: configDirectory, DOCKER_CONTEXT: undefined, TERM: 'xterm' };
  };
  const withEnvironment = (options: CommandOptions = {}): CommandOptions => ({
    ...options,
    environment: { ...environment(), ...options.environment },
  });
  return {
    name,
    run: (args, options) => runCommand(program, args, withEnvironment(options)),
    out: (...args) => outputOf(program, args, withEnvironment()),
    start: (args) => startCommand(program, args, withEnvironment()),
    terminal: (args) => startTerminal(program, args, environment()),
  };
}
