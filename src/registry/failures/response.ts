import type { IncomingMessage } from 'node:http';
import { DhowError } from '#errors/error.ts';
import { familiarName, familiarRepository, type Reference } from '#image/reference.ts';
import { parseChallenges } from '#registry/auth/challenge.ts';
import { shownUrl } from '#registry/failures/network.ts';
import { TransientFailure } from '#registry/failures/transient.ts';
import { readWhole } from '#registry/http/body.ts';

/** One entry of the error body of the OCI distribution spec, section "Error Codes". */
export interface RegistryError {
  code: string;
  message: string;
}

export interface ResponseContext {
  url: URL;
  idleTimeoutMs: number;
  signal: AbortSignal;
  /** What was asked for. */
  reference: Reference | undefined;
  asked: 'manifest' | 'blob' | 'registry' | 'upload';
  isAuthenticated: boolean;
  /** Whether the registry itself says so, and not the storage it sent us to. */
  isOrigin: boolean;
}

const maxErrorBytes = 64 * 1024;
const transientStatuses = [408, 429, 500, 502, 503, 504];

/** What a response that is no success means, in Docker's words where it has some. The body is consumed. */
export async function responseFailure(
  response: IncomingMessage,
  context: ResponseContext,
): Promise<DhowError | TransientFailure> {
  const status = response.statusCode ?? 0;
  const [first] = await readRegistryErrors(response, context);
  const said = first
    ? `${first.code.toLowerCase().replaceAll('_', ' ')}: ${first.message}`
    : `HTTP status ${status}`;
  const message = `${shownUrl(context.url)}: ${said}`;
  // Storage refuses when the signed address has ended; the registry gives a fresh one.
  if (!context.isOrigin && status < 500) return new TransientFailure(new DhowError('Unavailable', message));
  if (status === 401 || status === 403) return denial(status, said, first, response, context);
  if (status === 404) return notFound(said, first, context);
  if (transientStatuses.includes(status)) {
    const failure = new DhowError(status === 429 ? 'ResourceExhausted' : 'Unavailable', message);
    return new TransientFailure(failure, retryAfterMs(response.headers['retry-after']));
  }
  return new DhowError('Unavailable', message);
}

/** The body of an error, bounded and without control characters; a body that is none of that kind gives nothing. */
async function readRegistryErrors(
  response: IncomingMessage,
  { url, idleTimeoutMs, signal }: Pick<ResponseContext, 'url' | 'idleTimeoutMs' | 'signal'>,
): Promise<RegistryError[]> {
  let body: Buffer;
  try {
    body = await readWhole(response, { url, idleTimeoutMs, signal, maxBytes: maxErrorBytes, what: 'error' });
  } catch {
    signal.throwIfAborted();
    return [];
  }
  return parseRegistryErrors(body.toString());
}

/** Registries send `{"errors":[{code,message}]}`, token servers also `{"details":…}` and OAuth's `{"error":…}`. */
export function parseRegistryErrors(text: string): RegistryError[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const body = asRecord(value);
  const list = Array.isArray(body['errors']) ? body['errors'].slice(0, 10) : [body];
  return list.map(asRecord).flatMap((entry) => {
    const code = clean(entry['code']) || clean(entry['error']);
    const message =
      clean(entry['message']) ||
      clean(entry['error_description']) ||
      clean(entry['details']) ||
      clean(entry['detail']);
    return code || message ? [{ code: code || 'unknown', message: message || 'no message' }] : [];
  });
}

/** @returns milliseconds from a number of seconds or a date; undefined for anything else */
export function retryAfterMs(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** In Docker's words, where a registry has none (a HEAD has no body). */
const refusals = {
  401: 'unauthorized: authentication required',
  403: 'denied: requested access to the resource is denied',
};

/**
 * Registries answer the same for a name that does not exist and for one that we may not see; Docker calls both "not
 * found" (HTTP 404 in its API), and its clients rely on it.
 */
function denial(
  status: 401 | 403,
  said: string,
  first: RegistryError | undefined,
  response: IncomingMessage,
  { reference, isAuthenticated, url, asked }: ResponseContext,
): DhowError {
  if (asked === 'upload') {
    const why = first ? said : refusals[status];
    const remedy = isAuthenticated ? '' : ` (log in with 'docker login ${reference?.registry ?? url.host}')`;
    return new DhowError(status === 401 ? 'Unauthorized' : 'Forbidden', `${why}${remedy}`);
  }
  const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
  const isInsufficient = challenges.some(
    ({ parameters }) => parameters.get('error') === 'insufficient_scope',
  );
  if (
    reference &&
    (isInsufficient || first?.code === 'DENIED' || (!isAuthenticated && first?.code !== 'UNAUTHORIZED'))
  ) {
    const why = isInsufficient ? 'denied: requested access to the resource is denied' : said;
    return new DhowError(
      'NotFound',
      `pull access denied for ${familiarRepository(reference)}, repository does not exist or may require 'docker login': ${why}`,
      { reason: 'image-not-found' },
    );
  }
  const remedy = isAuthenticated ? '' : ` (log in with 'docker login ${reference?.registry ?? url.host}')`;
  return new DhowError(status === 401 ? 'Unauthorized' : 'Forbidden', `${shownUrl(url)}: ${said}${remedy}`);
}

function notFound(said: string, first: RegistryError | undefined, context: ResponseContext): DhowError {
  const { reference, asked, url } = context;
  if (!reference || asked === 'registry') {
    return new DhowError('Unavailable', `${shownUrl(url)}: ${said}: this is not a registry`);
  }
  if (asked === 'upload') {
    return new DhowError('NotFound', `${familiarRepository(reference)} cannot be pushed to: ${said}`);
  }
  if (asked === 'blob') {
    return new DhowError(
      'NotFound',
      `a part of ${familiarName(reference)} is missing in the registry: ${said}`,
    );
  }
  const message =
    first?.code === 'NAME_UNKNOWN'
      ? `repository ${familiarRepository(reference)} not found: ${said}`
      : `manifest for ${familiarName(reference)} not found: ${first ? said : 'manifest unknown'}`;
  return new DhowError('NotFound', message, { reason: 'image-not-found' });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function clean(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, 300)
    .trim();
}
