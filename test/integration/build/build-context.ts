import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Cli } from '../../support/cli.ts';
import type { CommandResult } from '../../support/command.ts';
import type { Daemon } from '../../support/daemon.ts';

/** docker's client without buildx has its first builder; with buildx it must be told. */
const environment = { DOCKER_BUILDKIT: '0', BUILDKIT_PROGRESS: 'plain' };

export interface BuildOptions {
  input?: string | Uint8Array;
  environment?: Record<string, string>;
  timeoutMs?: number;
}

/** Writes a directory's files; a value that begins with `-> ` makes a link. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (content.startsWith('-> ')) fs.symlinkSync(content.slice(3), file);
    else fs.writeFileSync(file, content);
  }
  return directory;
}

/** Runs a build to its end, whatever comes of it. */
export function tryBuild(
  cli: Cli,
  args: readonly string[],
  options: BuildOptions = {},
): Promise<CommandResult> {
  return cli.run(['build', ...args], { ...options, environment: { ...environment, ...options.environment } });
}

/** A build that must succeed. @returns what it printed on both streams */
export async function build(cli: Cli, args: readonly string[], options: BuildOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryBuild(cli, args, options);
  assert.equal(code, 0, stdout + stderr);
  return stdout + stderr;
}

/** Exit code and all output of a build that must fail. */
export async function failedBuild(
  cli: Cli,
  args: readonly string[],
  options: BuildOptions = {},
): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await tryBuild(cli, args, options);
  assert.notEqual(code, 0, stdout + stderr);
  return { code, output: stdout + stderr };
}

/** Directories of work and of commands, and lines of mounts, that builds which go on, or have gone wrong, hold. */
export function buildLeftovers({ dataRoot, runRoot }: Daemon): string[] {
  const mounts = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [
    ...fs.readdirSync(path.join(dataRoot, 'build/work')),
    ...fs.readdirSync(path.join(runRoot, 'build/commands')),
    ...mounts.filter((line) => line.includes(`${dataRoot}/build`)),
  ];
}
