import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { standardNames } from '#compose/find-files.ts';
import { parseRemote } from '#compose/remote-address.ts';
import { DhowError, messageOf } from '#errors/error.ts';

const gitMs = 120_000;
const commit = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Fetches the commit that an address of a git repository names, once, and answers with the Compose file there: an absolute path in
 * a directory that is called after the repository. A link that leads out of the repository is not followed.
 * @throws Unsupported, InvalidParameter as `parseRemote`; NotFound; Unavailable when git fails
 */
export function fetchRemote(address: string, environment: Environment): string {
  const { repository, ref, path: inner, name } = parseRemote(address);
  const cache = cacheDirectory(environment);
  const id = ref !== undefined && commit.test(ref) ? ref : resolveRef(repository, ref ?? 'HEAD', environment);
  const parent = path.join(cache, id);
  const root = path.join(parent, name);
  if (!fs.existsSync(root)) checkOut(repository, id, { parent, root }, environment);
  const found = [path.join(root, inner), ...standardNames.map((file) => path.join(root, inner, file))].find(
    (file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
  if (found === undefined) throw new DhowError('NotFound', `there is no Compose file at ${address}`);
  if (!fs.realpathSync(found).startsWith(`${fs.realpathSync(root)}/`)) {
    throw new DhowError('InvalidParameter', `the Compose file at ${address} is a link out of the repository`);
  }
  return found;
}

function cacheDirectory({ XDG_CACHE_HOME: cache, HOME: home }: Environment): string {
  if (cache) return path.resolve(cache, 'dhow-compose');
  if (home) return path.resolve(home, '.cache/dhow-compose');
  throw new DhowError(
    'InvalidParameter',
    'a remote Compose file needs $HOME or $XDG_CACHE_HOME to be kept in',
  );
}

function resolveRef(repository: string, ref: string, environment: Environment): string {
  const lines = git(['ls-remote', '--', repository, ref], environment).split('\n').filter(Boolean);
  // Of an annotated tag, the commit.
  const line = lines.find((text) => text.endsWith('^{}')) ?? lines[0];
  const id = line?.split('\t')[0] ?? '';
  if (commit.test(id)) return id;
  throw new DhowError('NotFound', `${repository} has no "${ref}"`);
}

/** Whole or not at all: what a killed client leaves is beside what is looked at. */
function checkOut(
  repository: string,
  id: string,
  { parent, root }: { parent: string; root: string },
  environment: Environment,
): void {
  fs.mkdirSync(parent, { recursive: true, mode: 0o700 });
  const work = fs.mkdtempSync(path.join(parent, '.fetching-'));
  try {
    // Without templates there are no hooks.
    git(['init', '--quiet', '--template=', '--', work], environment);
    git(['-C', work, 'fetch', '--quiet', '--depth=1', '--', repository, id], environment);
    git(['-C', work, '-c', 'advice.detachedHead=false', 'checkout', '--quiet', 'FETCH_HEAD'], environment);
    fs.renameSync(work, root);
  } catch (error) {
    // Another client was faster.
    if (!fs.existsSync(root)) throw error;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

function git(words: readonly string[], environment: Environment): string {
  try {
    return execFileSync('git', words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: gitMs,
      env: {
        ...environment,
        // It asks nobody, and runs nothing that a repository names.
        GIT_TERMINAL_PROMPT: '0',
        GIT_ALLOW_PROTOCOL: 'https:http:ssh:git',
        GIT_SSH_COMMAND: environment['GIT_SSH_COMMAND'] ?? 'ssh -o BatchMode=yes',
      },
    });
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: string };
    const reason = code === 'ENOENT' ? 'git is not installed' : stderr?.trim() || messageOf(error);
    throw new DhowError('Unavailable', `cannot fetch the Compose file: ${reason}`, { cause: error });
  }
}
