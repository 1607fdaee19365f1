import { credentialsOf } from '#api/decode/registry-auth.ts';
import type { Credentials } from '#api/engine-values.ts';
import { DhowError } from '#errors/error.ts';

/** Docker Hub's key in configuration files, and what references say. */
const hubKeys = new Set(['https://index.docker.io/v1/', 'index.docker.io', 'docker.io']);

/**
 * The header `X-Registry-Config`: base64 of a JSON object with credentials by registry.
 * @returns by host, as references have it
 * @throws InvalidParameter; the header's content is a secret and is not repeated
 */
export function decodeRegistryConfig(header: string | undefined): Map<string, Credentials> {
  const found = new Map<string, Credentials>();
  if (header === undefined || header === '') return found;
  for (const [key, auth] of Object.entries(parse(header))) {
    const credentials = typeof auth === 'object' && auth !== null ? credentialsOf(auth) : undefined;
    if (credentials === undefined) continue;
    const host = key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
    found.set(hubKeys.has(key) || hubKeys.has(host) ? 'docker.io' : host, credentials);
  }
  return found;
}

function parse(header: string): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // The parser's message would repeat part of the secret.
  }
  throw new DhowError(
    'InvalidParameter',
    'invalid X-Registry-Config header: it must be base64 of a JSON object',
  );
}
