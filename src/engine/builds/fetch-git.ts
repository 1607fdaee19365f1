import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { GitUrl } from '#build/git-url.ts';
import { DhowError } from '#errors/error.ts';

/**
 * A stranger's repository decides nothing here: no hooks, no configuration of the machine or of a user, no questions, and of the
 * protocols none that reads local files or runs commands.
 */
const settings = [
  ['core.hooksPath', '/dev/null'],
  ['protocol.allow', 'never'],
  ...['http', 'https', 'git', 'ssh'].map((name) => [`protocol.${name}.allow`, 'always']),
  ['init.defaultBranch', 'main'],
  ['advice.detachedHead', 'false'],
].flatMap(([key, value]) => ['-c', `${key}=${value}`]);

const maxText = 4000;

/**
 * Checks a repository out into an empty directory: the commit alone, without history, and its submodules.
 * @throws Unavailable without a git program; InvalidParameter with git's own words, and for another commit than the wanted one; the
 *   reason of `signal`
 */
export async function fetchGit(
  { repository, ref, commit, withoutSubmodules = false, keepGitDirectory = false }: GitUrl,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  // What looks like an option must not be one.
  for (const word of [repository, ref ?? '']) {
    if (word.startsWith('-'))
      throw new DhowError('InvalidParameter', `"${word.slice(0, 100)}" names no repository`);
  }
  const git = (...args: string[]): Promise<string> => runGit(args, target, signal);
  const wanted = ref ?? commit ?? 'HEAD';
  await git('init', '--quiet', '.');
  await git('remote', 'add', 'origin', repository);
  try {
    await git('fetch', '--quiet', '--depth', '1', 'origin', wanted);
  } catch (error) {
    signal.throwIfAborted();
    // Most servers give a commit by its id only when all is asked for.
    if (!/^[0-9a-f]{7,64}$/.test(wanted)) throw error;
    await git('fetch', '--quiet', 'origin');
    await git('update-ref', 'FETCH_HEAD', `${wanted}^{commit}`);
  }
  await git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
  const found = await git('rev-parse', 'HEAD');
  if (commit !== undefined && !found.startsWith(commit)) {
    throw new DhowError(
      'InvalidParameter',
      `${wanted} of ${repository} is the commit ${found}, and not ${commit}`,
    );
  }
  if (!withoutSubmodules && fs.existsSync(path.join(target, '.gitmodules'))) {
    await git('submodule', 'update', '--quiet', '--init', '--recursive', '--depth', '1');
  }
  if (!keepGitDirectory) fs.rmSync(path.join(target, '.git'), { recursive: true, force: true });
}

/** @returns what it prints, trimmed */
function runGit(args: readonly string[], directory: string, signal: AbortSignal): Promise<string> {
  const environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    ...proxies(),
  };
  const child = spawn('git', [...settings, ...args], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  let text = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (output.length < maxText) output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < maxText) text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else if (cause.code === 'ENOENT') {
        reject(new DhowError('Unavailable', 'there is no git program: install git', { cause }));
      } else reject(cause);
    });
    child.on('close', (code) => {
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve(output.trim());
      else
        reject(
          new DhowError('InvalidParameter', `git ${args[0]} failed: ${text.trim() || `exit code ${code}`}`),
        );
    });
  });
}

function proxies(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string]])),
  );
}
