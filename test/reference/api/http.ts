import http from 'node:http';

export interface Answer {
  status: number;
  contentType: string;
  /** Parsed JSON (of lines: the first), text, or undefined for an empty body. */
  body: unknown;
}

/** One call over a unix socket. Streams are read for `readMs` at most, then left. */
export function call(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  readMs = 20_000,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const payload = body instanceof Uint8Array ? body : body === undefined ? undefined : JSON.stringify(body);
  const headers =
    payload === undefined
      ? {}
      : {
          'Content-Type': body instanceof Uint8Array ? 'application/x-tar' : 'application/json',
          'Content-Length': Buffer.byteLength(payload),
        };
  const request = http.request({ socketPath, method, path, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    function finish(): void {
      clearTimeout(timer);
      const contentType = String(response.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
      resolve({
        status: response.statusCode ?? 0,
        contentType,
        body: decode(Buffer.concat(chunks), contentType),
      });
      response.destroy();
    }
    const timer = setTimeout(finish, readMs);
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', finish);
    response.on('error', finish);
  });
  request.on('error', reject);
  request.end(payload);
  return promise;
}

function decode(bytes: Buffer, contentType: string): unknown {
  if (bytes.length === 0) return undefined;
  const text = bytes.toString();
  if (!contentType.includes('json')) return contentType.startsWith('text/') ? text : '<bytes>';
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(text.split('\n', 1)[0] ?? 'null');
  }
}
