import { type ConfigFile, readConfigFile, writeConfigFile } from '#cli/config-file.ts';
import { runHelper } from '#cli/credential-helper.ts';
import { DhowError } from '#errors/error.ts';
import type { AuthConfig } from '#wire/auth.ts';

/** Docker Hub's key in config.json, older than the names of today's registries. */
const dockerHubKey = 'https://index.docker.io/v1/';
const dockerHubHosts = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

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
  const config = await readConfigFile(configDirectory);
  const key = keyOf(registry);
  const helper = helperFor(config, registry);
  if (helper !== undefined) return askHelper(helper, key, signal);
  const entry = config.auths?.[key] ?? findByHost(config, registry);
  if (entry === undefined) return {};
  return {
    ...decodeAuth(entry.auth),
    ...(entry.identitytoken ? { identitytoken: entry.identitytoken } : {}),
    ...(entry.registrytoken ? { registrytoken: entry.registrytoken } : {}),
    serveraddress: key,
  };
}

/**
 * Keeps what a login gave, in the helper that config.json names or else in config.json itself.
 * @returns where it is now: the name of a helper, or undefined for config.json. @throws as `findCredentials`
 */
export async function storeCredentials(
  configDirectory: string,
  registry: string,
  auth: { username: string; password: string; identityToken?: string | undefined },
  signal?: AbortSignal,
): Promise<string | undefined> {
  const config = await readConfigFile(configDirectory);
  const key = keyOf(registry);
  const helper = helperFor(config, registry);
  const { username, password, identityToken } = auth;
  if (helper !== undefined) {
    const [Username, Secret] = identityToken ? [tokenUser, identityToken] : [username, password];
    await runHelper(helper, 'store', JSON.stringify({ ServerURL: key, Username, Secret }), signal);
    // An entry without a secret tells `logout` and other tools that there is a login.
    await writeConfigFile(configDirectory, { ...config, auths: { ...config.auths, [key]: {} } });
    return helper;
  }
  const entry = {
    auth: Buffer.from(`${username}:${identityToken ? '' : password}`).toString('base64'),
    ...(identityToken ? { identitytoken: identityToken } : {}),
  };
  await writeConfigFile(configDirectory, { ...config, auths: { ...config.auths, [key]: entry } });
  return undefined;
}

/** Forgets a login. @returns whether there was one. @throws as `findCredentials` */
export async function eraseCredentials(
  configDirectory: string,
  registry: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const config = await readConfigFile(configDirectory);
  const key = keyOf(registry);
  const helper = helperFor(config, registry);
  const hostOf = (name: string) => name.replace(/^https?:\/\//, '').split('/')[0];
  const known = Object.keys(config.auths ?? {}).filter((name) => name === key || hostOf(name) === registry);
  const hasHelped =
    helper !== undefined &&
    (await runHelper(helper, 'get', key, signal).catch(() => undefined)) !== undefined;
  if (helper !== undefined && hasHelped) await runHelper(helper, 'erase', key, signal);
  if (known.length > 0) {
    const auths = Object.fromEntries(
      Object.entries(config.auths ?? {}).filter(([name]) => !known.includes(name)),
    );
    await writeConfigFile(configDirectory, { ...config, auths });
  }
  return known.length > 0 || hasHelped;
}

/** The name that helpers give to a token in place of a user. */
const tokenUser = '<token>';

function keyOf(registry: string): string {
  return registry === 'docker.io' ? dockerHubKey : registry;
}

function helperFor(config: ConfigFile, registry: string): string | undefined {
  const helper = config.credHelpers?.[keyOf(registry)] ?? config.credHelpers?.[registry] ?? config.credsStore;
  return helper === '' ? undefined : helper;
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
  const output = await runHelper(helper, 'get', key, signal);
  return output === undefined ? {} : decodeHelperAnswer(`docker-credential-${helper}`, output, key);
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
  if (Username === tokenUser) return { identitytoken: Secret, serveraddress: key };
  return { username: Username, password: Secret, serveraddress: key };
}
