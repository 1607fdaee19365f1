import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DhowError, messageOf } from '#errors/error.ts';
import type { AuthConfig } from '#wire/auth.ts';

/** Docker Hub's key in config.json, older than the names of today's registries. */
const dockerHubKey = 'https://index.docker.io/v1/';
const dockerHubHosts = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** The part of `~/.docker/config.json` that holds credentials, or says which helper does. */
interface ConfigFile {
  auths?: Record<string, { auth?: string; identitytoken?: string; registrytoken?: string }>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
}

/** The host that a reference names: `docker.io` unless its first part looks like a host. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isHost && !dockerHubHosts.has(first) ? first : 'docker.io';
}

/**
 * What the user is logged in with at a registry, from `config.json` or from the helper that it names. An empty object when
 * there is nothing: the daemon then asks the registry without a name.
 *
 * @throws InvalidParameter when config.json is not readable as JSON; Unavailable when a helper cannot be run or fails
 */
export async function findCredentials(
  configDirectory: string,
  registry: string,
  signal?: AbortSignal,
): Promise<AuthConfig> {
  const config = await readConfig(join(configDirectory, 'config.json'));
  const key = registry === 'docker.io' ? dockerHubKey : registry;
  const helper = config.credHelpers?.[key] ?? config.credHelpers?.[registry] ?? config.credsStore;
  if (helper !== undefined && helper !== '') return askHelper(helper, key, signal);
  const entry = config.auths?.[key] ?? findByHost(config, registry);
  if (entry === undefined) return {};
  return {
    ...decodeAuth(entry.auth),
    ...(entry.identitytoken ? { identitytoken: entry.identitytoken } : {}),
    ...(entry.registrytoken ? { registrytoken: entry.registrytoken } : {}),
    serveraddress: key,
  };
}

async function readConfig(path: string): Promise<ConfigFile> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new DhowError('InvalidParameter', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const config: unknown = content.trim() === '' ? {} : JSON.parse(content);
    return typeof config === 'object' && config !== null ? config : {};
  } catch (error) {
    throw new DhowError('InvalidParameter', `${path} is not valid JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Old versions of `docker login` kept entries under a URL. */
function findByHost(config: ConfigFile, registry: string) {
  const hostOf = (key: string) => key.replace(/^https?:\/\//, '').split('/')[0];
  return Object.entries(config.auths ?? {}).find(([key]) => hostOf(key) === registry)?.[1];
}

function decodeAuth(auth: string | undefined): AuthConfig {
  if (auth === undefined || auth === '') return {};
  const pair = Buffer.from(auth, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon <= 0)
    throw new DhowError(
      'InvalidParameter',
      'an entry of auths in config.json is not base64 of user:password',
    );
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, '') };
}

/** Protocol of docker-credential-helpers: the key on stdin, `{ ServerURL, Username, Secret }` on stdout. */
async function askHelper(helper: string, key: string, signal: AbortSignal | undefined): Promise<AuthConfig> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper))
    throw new DhowError('InvalidParameter', `"${helper}" in config.json is no name of a credential helper`);
  const child = spawn(program, ['get'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(signal ? { signal } : {}),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A helper that ends without reading its input is judged by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(key);
  let output: string;
  let code: number | null;
  try {
    [output, code] = await Promise.all([text(child.stdout), ended]);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new DhowError(
      'Unavailable',
      `cannot run ${program}, which config.json names: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (code !== 0) {
    if (/credentials not found/.test(output)) return {};
    throw new DhowError('Unavailable', `${program} failed (exit code ${code}): ${output.trim()}`);
  }
  return decodeHelperAnswer(program, output, key);
}

function decodeHelperAnswer(program: string, output: string, key: string): AuthConfig {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch (error) {
    throw new DhowError('Unavailable', `${program} answered something that is not JSON`, { cause: error });
  }
  if (typeof answer !== 'object' || answer === null)
    throw new DhowError('Unavailable', `${program} answered no object`);
  const { Username, Secret } = answer as { Username?: unknown; Secret?: unknown };
  if (typeof Username !== 'string' || typeof Secret !== 'string') {
    throw new DhowError('Unavailable', `${program} answered without Username and Secret`);
  }
  // The name that helpers give to a token in place of a password.
  if (Username === '<token>') return { identitytoken: Secret, serveraddress: key };
  return { username: Username, password: Secret, serveraddress: key };
}
