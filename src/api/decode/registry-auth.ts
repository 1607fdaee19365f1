import type { Credentials } from '#api/engine-values.ts';
import { DhowError } from '#errors/error.ts';

/**
 * The header `X-Registry-Auth`: base64 (URL or standard alphabet) of a JSON object. undefined for none or an empty one.
 * @throws InvalidParameter; the header's content is a secret and is not repeated
 */
export function decodeRegistryAuth(header: string | undefined): Credentials | undefined {
  if (header === undefined || header === '') return undefined;
  return credentialsOf(parse(header));
}

/**
 * The body of `POST /auth`: credentials and the address of the registry, Docker Hub if absent.
 * @throws InvalidParameter
 */
export function decodeAuthConfig(body: unknown): { address: string; credentials: Credentials } {
  const auth = typeof body === 'object' && body !== null ? body : {};
  const credentials = credentialsOf(auth);
  if (!credentials) throw new DhowError('InvalidParameter', 'a user name or a token must be given');
  const address = 'serveraddress' in auth ? auth.serveraddress : '';
  if (typeof address !== 'string') throw new DhowError('InvalidParameter', 'serveraddress must be a string');
  return { address, credentials };
}

/** Names of fields are read in any case, as Go does. */
export function credentialsOf(auth: object): Credentials | undefined {
  const text = (name: string): string => {
    const value = Object.entries(auth).find(([key]) => key.toLowerCase() === name)?.[1];
    return typeof value === 'string' ? value : '';
  };
  if (text('registrytoken') !== '') return { kind: 'registry-token', token: text('registrytoken') };
  if (text('identitytoken') !== '') return { kind: 'identity-token', token: text('identitytoken') };
  if (text('username') !== '') {
    return { kind: 'password', username: text('username'), password: text('password') };
  }
  const [username = '', ...password] = Buffer.from(text('auth'), 'base64').toString().split(':');
  return username === '' ? undefined : { kind: 'password', username, password: password.join(':') };
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
    'invalid X-Registry-Auth header: it must be base64 of a JSON object',
  );
}
