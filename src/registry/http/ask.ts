import { kindOf } from '#errors/error.ts';
import type { Reference } from '#image/reference.ts';
import type { Access, Authorizer } from '#registry/auth/authorizer.ts';
import { responseFailure } from '#registry/failures/response.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Trust } from '#registry/hosts/trust.ts';
import { discardBody } from '#registry/http/body.ts';
import { type Answer, sendFollowing } from '#registry/http/redirects.ts';
import type { HttpRequest, RequestBody, Transport } from '#registry/http/transport.ts';
import type { Credentials, RegistryLimits } from '#registry/registry.ts';

const maxRemembered = 1000;

export interface AskParts {
  transport: Transport;
  trust: Trust;
  authorizer: Authorizer;
  limits: RegistryLimits;
}

export interface AskRequest {
  /** `GET` if absent. */
  method?: HttpRequest['method'];
  /** Behind `/v2/`, or the address that the registry gave for an upload. */
  path: string | URL;
  headers?: Record<string, string>;
  body?: RequestBody;
  /** What the repository is asked for; `pull` if absent. */
  access?: Access;
  asked: 'manifest' | 'blob' | 'registry' | 'upload';
  reference?: Reference;
  credentials: Credentials | undefined;
  /** Statuses that are results beside 200. */
  accepted?: readonly number[];
  signal: AbortSignal;
}

/**
 * One authorised request at a registry; redirects of GET and HEAD are followed. Tokens are fetched and renewed as the registry asks for them.
 * For a host that may be spoken to insecurely, HTTPS is tried first and plain HTTP when that fails; what worked is
 * remembered.
 *
 * @throws TransientFailure where another attempt may help, else the DhowError for the caller
 */
export type Ask = (endpoint: Endpoint, request: AskRequest) => Promise<Answer>;

export function createAsk(parts: AskParts): Ask {
  const { trust, limits } = parts;
  /** Of hosts that may be spoken to insecurely. */
  const schemes = new Map<string, 'http' | 'https'>();

  async function askBy(scheme: 'http' | 'https', endpoint: Endpoint, request: AskRequest): Promise<Answer> {
    const { signal, reference, asked } = request;
    // Credentials are for the registry that the user named, not for its mirrors.
    const credentials = endpoint.isMirror ? undefined : request.credentials;
    const origin = `${scheme}://${endpoint.host}`;
    const { method = 'GET', path, access = { actions: 'pull' }, body } = request;
    const url = path instanceof URL ? path : new URL(`${origin}${endpoint.prefix}/v2/${path}`);
    const target = { origin, repository: reference?.repository, access, credentials };
    let authorization = await parts.authorizer.headerFor(target, signal);
    // A kept token may have ended, and the one that replaces it may want another scope: twice, and then it is a no.
    for (let refusals = 0; ; refusals++) {
      const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
      const sent = { url, headers, ...(body === undefined ? {} : { body }) };
      const answer =
        method === 'GET' || method === 'HEAD'
          ? await sendFollowing(parts, { ...sent, method }, signal)
          : await sendOnce(parts.transport, { ...sent, method }, signal);
      const { response, isOrigin } = answer;
      const status = response.statusCode ?? 0;
      if (status === 200 || request.accepted?.includes(status)) return answer;
      if (status === 401 && isOrigin && refusals < 2) {
        const challenge = response.headers['www-authenticate'];
        const next = await parts.authorizer.answer(target, challenge, authorization, signal);
        if (next !== undefined) {
          discardBody(response);
          authorization = next;
          continue;
        }
      }
      throw await responseFailure(response, {
        url: answer.url,
        idleTimeoutMs: limits.idleTimeoutMs,
        signal,
        reference,
        asked,
        isAuthenticated: credentials !== undefined,
        isOrigin,
      });
    }
  }

  async function schemeOf(
    { host, prefix, scheme }: Endpoint,
    signal: AbortSignal,
  ): Promise<'http' | 'https'> {
    const known = scheme ?? schemes.get(host);
    if (known) return known;
    if (!(await trust.isInsecure(host))) return 'https';
    const found = await firstThatAnswers(parts.transport, `${host}${prefix}/v2/`, signal);
    if (schemes.size >= maxRemembered) schemes.clear();
    schemes.set(host, found);
    return found;
  }

  return async (endpoint, request) => {
    const scheme = await schemeOf(endpoint, request.signal);
    try {
      return await askBy(scheme, endpoint, request);
    } catch (error) {
      // The server may have been replaced by one that speaks the other scheme.
      if (kindOf(error) === 'Unavailable') schemes.delete(endpoint.host);
      throw error;
    }
  };
}

async function sendOnce(transport: Transport, request: HttpRequest, signal: AbortSignal): Promise<Answer> {
  return { response: await transport.send(request, signal), url: request.url, isOrigin: true };
}

/** Any answer will do. @throws what plain HTTP failed with */
async function firstThatAnswers(
  transport: Transport,
  address: string,
  signal: AbortSignal,
): Promise<'http' | 'https'> {
  const answers = async (scheme: string): Promise<void> => {
    discardBody(
      await transport.send({ method: 'GET', url: new URL(`${scheme}://${address}`), headers: {} }, signal),
    );
  };
  try {
    await answers('https');
    return 'https';
  } catch {
    signal.throwIfAborted();
    await answers('http');
    return 'http';
  }
}
