import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type CommandOptions, type CommandResult, outputOf, runCommand, startCommand } from './command.ts';
import { startTerminal, type Terminal } from './terminal.ts';

export const repository = path.resolve(import.meta.dirname, '../..');
export const dhowProgram = path.join(repository, 'bin/dhow');
warnOfStaleBundle();

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

/** `bin/dhow` runs the bundle when there is one, so a bundle that is older than the sources would be tested in their place. */
function warnOfStaleBundle(): void {
  const bundle = fs.statSync(path.join(repository, 'dist/cli/main.cache'), { throwIfNoEntry: false });
  if (bundle === undefined) return;
  const sources = path.join(repository, 'src');
  const newer = fs
    .readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(name))
    .find(
      (name) =>
        (fs.statSync(path.join(sources, name), { throwIfNoEntry: false })?.mtimeMs ?? 0) > bundle.mtimeMs,
    );
  if (newer !== undefined) {
    process.emitWarning(
      `dist/ is tested, and it is older than src/${newer}: run tools/node tools/build.mjs, or remove dist/ to test src/`,
    );
  }
}
