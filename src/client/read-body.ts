import type { Readable } from 'node:stream';
import type { ClientResponse } from '#client/client.ts';
import { DhowError } from '#errors/error.ts';

/** `inspect` and `ps` of thousands of containers stay far below; what is larger is a stream and read as one. */
const maximumJsonBytes = 256 * 1024 * 1024;

/**
 * The whole body as JSON. The value is trusted to be of the type that the operation promises.
 * @throws Unavailable when it is not JSON or too large
 */
export async function readJson<Value>(response: ClientResponse): Promise<Value> {
  const text = await readText(response.body, maximumJsonBytes, 'refuse');
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new DhowError(
      'Unavailable',
      `the daemon's answer is not JSON: ${JSON.stringify(text.slice(0, 80))}`,
      {
        cause: error,
      },
    );
  }
}

/** The whole body as UTF-8 text, at most `limit` bytes: what is longer is cut or refused. */
export async function readText(body: Readable, limit: number, excess: 'cut' | 'refuse'): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= limit) continue;
    if (excess === 'refuse')
      throw new DhowError('Unavailable', `the daemon's answer is above ${limit} bytes`);
    break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
}

/** Reads a body that nobody wants to its end, so that the connection can be used again. */
export async function discardBody(body: Readable): Promise<void> {
  for await (const _ of body);
}
