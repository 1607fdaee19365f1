import { readConfigFile } from '#cli/config-file.ts';
import { findCredentials } from '#cli/credentials.ts';
import { type AuthConfig, encodeAuthHeader } from '#wire/auth.ts';

/** All logins that config.json has by itself, by the names that it has for them; helpers are asked for the registries that it names. */
export async function findAllCredentials(
  configDirectory: string,
  signal: AbortSignal,
): Promise<Record<string, AuthConfig>> {
  const config = await readConfigFile(configDirectory);
  const names = new Set([...Object.keys(config.auths ?? {}), ...Object.keys(config.credHelpers ?? {})]);
  const found: Record<string, AuthConfig> = {};
  for (const name of names) {
    const host = name.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
    const registry = host === 'index.docker.io' ? 'docker.io' : host;
    const auth = await findCredentials(configDirectory, registry, signal);
    if (Object.keys(auth).length > 0) found[name] = auth;
  }
  return found;
}

/** The same as the header `X-Registry-Config`. */
export async function registryConfigHeader(
  configDirectory: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const found = await findAllCredentials(configDirectory, signal);
  // Base64 of any JSON object; the credentials' encoder does just that.
  return Object.keys(found).length === 0 ? {} : { 'X-Registry-Config': encodeAuthHeader(found) };
}
