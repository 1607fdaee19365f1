import { DhowError } from '#errors/error.ts';
import { parseRegistryErrors, retryAfterMs } from '#registry/failures/response.ts';
import { TransientFailure } from '#registry/failures/transient.ts';
import type { Trust } from '#registry/hosts/trust.ts';
import { readWhole } from '#registry/http/body.ts';
import { sendFollowing } from '#registry/http/redirects.ts';
import type { Transport } from '#registry/http/transport.ts';
import type { Credentials, RegistryLimits } from '#registry/registry.ts';

export interface TokenRequest {
  /** Where tokens are made, from the challenge. */
  realm: string;
  service: string;
  scope: string;
  /** Whether the registry that named the realm was reached over HTTPS. */
  isEncrypted: boolean;
  /** Whether a refresh token is wanted as well. */
  isOffline?: boolean;
  credentials: Exclude<Credentials, { kind: 'registry-token' }> | undefined;
}

export interface Token {
  value: string;
  /** Milliseconds of `performance.now()`. */
  expiresAt: number;
  refreshToken: string | undefined;
}

export interface TokenParts {
  transport: Transport;
  trust: Trust;
  limits: RegistryLimits;
}

const clientId = 'dhow';
const maxAnswerBytes = 1024 * 1024;
const maxTokenLength = 64 * 1024;
/** The lifetime when the server does not say, distribution's token specification. */
const defaultLifetimeS = 60;

/**
 * Asks a token server, as in the distribution project's "Token Authentication Specification" (GET with Basic) or, for an
 * identity token, "OAuth2 Token Authentication" (POST).
 *
 * @throws Unauthorized when the server refuses; Unavailable; InvalidParameter for an answer that is no token
 */
export async function fetchToken(
  parts: TokenParts,
  request: TokenRequest,
  signal: AbortSignal,
): Promise<Token> {
  const url = await realmUrl(request, parts.trust);
  const askedAt = performance.now();
  const { response } =
    request.credentials?.kind === 'identity-token'
      ? { response: await exchangeIdentityToken(parts, url, request, request.credentials.token, signal) }
      : await askWithBasic(parts, url, request, signal);
  const { idleTimeoutMs } = parts.limits;
  const body = await readWhole(response, {
    url,
    idleTimeoutMs,
    signal,
    maxBytes: maxAnswerBytes,
    what: 'token',
  });
  const status = response.statusCode ?? 0;
  if (status === 200) return readToken(body, url, askedAt);
  throw refusal(status, body.toString(), url, response.headers['retry-after']);
}

async function realmUrl({ realm, isEncrypted, credentials }: TokenRequest, trust: Trust): Promise<URL> {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new DhowError('Unavailable', 'the registry names a token server that is no HTTP address');
  }
  if (credentials && isEncrypted && url.protocol === 'http:' && !(await trust.isInsecure(url.host))) {
    throw new DhowError(
      'Forbidden',
      `the registry wants the password sent to ${url.host} over plain HTTP: add "${url.host}" to the insecure registries if that is right`,
    );
  }
  return url;
}

function askWithBasic(
  { transport, trust }: TokenParts,
  realm: URL,
  { service, scope, credentials, isOffline }: TokenRequest,
  signal: AbortSignal,
) {
  const url = new URL(realm);
  if (isOffline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', clientId);
  }
  if (service) url.searchParams.set('service', service);
  for (const one of scope.split(' ')) if (one) url.searchParams.append('scope', one);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (credentials?.kind === 'password') {
    url.searchParams.set('account', credentials.username);
    headers['authorization'] = basicAuthorization(credentials.username, credentials.password);
  }
  return sendFollowing({ transport, trust }, { method: 'GET', url, headers }, signal);
}

function exchangeIdentityToken(
  { transport }: TokenParts,
  url: URL,
  { service, scope }: TokenRequest,
  identityToken: string,
  signal: AbortSignal,
) {
  const form = {
    grant_type: 'refresh_token',
    service,
    scope,
    client_id: clientId,
    refresh_token: identityToken,
  };
  const body = new URLSearchParams(form).toString();
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  };
  return transport.send({ method: 'POST', url, headers, body }, signal);
}

export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function readToken(body: Buffer, url: URL, askedAt: number): Token {
  const malformed = (): DhowError =>
    new DhowError('InvalidParameter', `the token server ${url.host} sent an answer without a usable token`);
  let answer: { token?: unknown; access_token?: unknown; expires_in?: unknown; refresh_token?: unknown };
  try {
    answer = JSON.parse(body.toString()) ?? {};
  } catch {
    throw malformed();
  }
  const value = answer.token || answer.access_token;
  // What may stand in a header, RFC 6750 section 2.1, somewhat wider: some servers use other printable characters.
  if (typeof value !== 'string' || value.length > maxTokenLength || !/^[\x21-\x7e]+$/.test(value))
    throw malformed();
  const said =
    typeof answer.expires_in === 'number' && answer.expires_in > 0 ? answer.expires_in : defaultLifetimeS;
  // A tenth is left out: the server's clock started before ours, and a request takes time.
  const { refresh_token: refresh } = answer;
  return {
    value,
    expiresAt: askedAt + said * 900,
    refreshToken: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
  };
}

function refusal(status: number, body: string, url: URL, retryAfter: string | undefined): Error {
  const [first] = parseRegistryErrors(body);
  const said = first?.message ?? `HTTP status ${status}`;
  if (status === 429 || status >= 500) {
    const kind = status === 429 ? 'ResourceExhausted' : 'Unavailable';
    return new TransientFailure(
      new DhowError(kind, `token server ${url.host}: ${said}`),
      retryAfterMs(retryAfter),
    );
  }
  if (status === 400 || status === 401 || status === 403) {
    return new DhowError('Unauthorized', `${url.host}: unauthorized: ${said}`);
  }
  return new DhowError('Unavailable', `token server ${url.host}: ${said}`);
}
