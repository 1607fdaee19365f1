import type { ClientRequest } from '#client/client.ts';
import type { Exchange } from '#client/http/connection.ts';
import { DhowError } from '#errors/error.ts';

export interface RequestSettings {
  readonly hostHeader: string;
  readonly apiVersion: string | undefined;
  readonly upgrade: boolean;
}

/** Puts a request into the bytes of HTTP/1.1. Head and JSON body are one piece, so that they travel in one packet. */
export function encodeRequest(request: ClientRequest, settings: RequestSettings): Exchange {
  const version = settings.apiVersion === undefined ? '' : `/v${settings.apiVersion}`;
  const lines = [
    `${request.method} ${version}${request.path}${encodeQuery(request.query ?? {})} HTTP/1.1`,
    `Host: ${settings.hostHeader}`,
    'User-Agent: Dhow-Client',
  ];
  if (settings.upgrade) lines.push('Connection: Upgrade', 'Upgrade: tcp');
  for (const [name, value] of Object.entries(request.headers ?? {})) lines.push(`${name}: ${value}`);
  let text = '';
  let body: Exchange['body'];
  if (request.body === undefined) {
    if (request.method === 'POST' || request.method === 'PUT') lines.push('Content-Length: 0');
  } else if ('json' in request.body) {
    text = JSON.stringify(request.body.json);
    lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`);
  } else if ('bytes' in request.body) {
    lines.push(`Content-Type: ${request.body.contentType}`, `Content-Length: ${request.body.bytes.length}`);
    body = once(request.body.bytes);
  } else {
    lines.push(`Content-Type: ${request.body.contentType}`, 'Transfer-Encoding: chunked');
    body = frame(request.body.stream);
  }
  for (const line of lines) {
    if (/[^\x20-\x7e\x80-\xff\t]/.test(line)) {
      throw new DhowError('InvalidParameter', `not sendable as an HTTP header: ${JSON.stringify(line)}`);
    }
  }
  if (lines[0]?.split(' ').length !== 3) {
    throw new DhowError('InvalidParameter', `not sendable as an HTTP path: ${JSON.stringify(request.path)}`);
  }
  return {
    method: request.method,
    head: `${lines.join('\r\n')}\r\n\r\n${text}`,
    upgrade: settings.upgrade,
    ...(body === undefined ? {} : { body }),
  };
}

function encodeQuery(query: NonNullable<ClientRequest['query']>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const single of Array.isArray(value) ? (value as readonly string[]) : [value]) {
      parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(single))}`);
    }
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The chunked coding of RFC 9112, section 7.1. */
async function* frame(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | string> {
  for await (const piece of stream) {
    // An empty chunk would end the body.
    if (piece.length === 0) continue;
    yield `${piece.length.toString(16)}\r\n`;
    yield piece;
    yield '\r\n';
  }
  yield '0\r\n\r\n';
}
