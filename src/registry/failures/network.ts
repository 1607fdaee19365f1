import { DhowError } from '#errors/error.ts';
import { TransientFailure } from '#registry/failures/transient.ts';

/** A wait that lasted too long; carries the message for the user. */
export class TimeoutFailure extends Error {
  readonly code = 'ETIMEDOUT';
}

/** Nobody is there, or not under this name: asking again at once will not help. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ERR_INVALID_URL',
]);

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name service does not answer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'connection closed by peer',
};

/**
 * What a failed exchange means. The query of a URL is never shown: signed URLs carry secrets there.
 *
 * @param proxy host of the one that was asked to go there
 * @returns a TransientFailure, or a DhowError (Unavailable) when another attempt would end the same way
 */
export function networkFailure(error: unknown, url: URL, proxy?: string): DhowError | TransientFailure {
  const code = codeOf(error);
  // Node adds advice to what OpenSSL says, which is for its own users.
  const said = (error instanceof Error ? error.message : String(error)).replace(/; if the root CA .*$/, '');
  const text = words[code] ?? said;
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  const message = `cannot reach ${shownUrl(url)}${way}: ${text}${remedy(code, text, url)}`;
  const failure = new DhowError('Unavailable', message, { cause: error });
  return unreachable.has(code) || isTlsCode(code) ? failure : new TransientFailure(failure);
}

/** Scheme, host and path. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Node reports a name with several addresses as an AggregateError that carries the code of the first. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** OpenSSL's verification results (`UNABLE_TO_…`, `CERT_…`, `SELF_SIGNED_…`) and Node's own (`ERR_TLS_…`, `ERR_SSL_…`, `EPROTO`). */
function isTlsCode(code: string): boolean {
  return /^(?:EPROTO$|ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(
    code,
  );
}

function remedy(code: string, text: string, url: URL): string {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return /wrong version number|packet length too long|http request/i.test(text + code.replaceAll('_', ' '))
      ? ` (the server gave an HTTP response to an HTTPS client; if that is right, add "${url.host}" to the insecure registries)`
      : '';
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return '';
  return isTlsCode(code)
    ? ` (certificate not trusted: put its authority into /etc/docker/certs.d/${url.host}/ca.crt, or add the host to the insecure registries)`
    : '';
}
