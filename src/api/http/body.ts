import type { IncomingMessage } from 'node:http';
import { DhowError } from '#errors/error.ts';
import { mediaTypes } from '#wire/media-types.ts';

const maximumJsonBytes = 4 * 1024 * 1024;

/**
 * The JSON body of a request; undefined when there is none.
 * @throws InvalidParameter for another content type, malformed JSON, or more than 4 MiB
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumJsonBytes) {
      throw new DhowError('InvalidParameter', `request body is larger than ${maximumJsonBytes} bytes`);
    }
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  const contentType = request.headers['content-type'] ?? '';
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== '' && mediaType !== mediaTypes.json) {
    throw new DhowError(
      'InvalidParameter',
      `unsupported Content-Type header (${contentType.slice(0, 100)}): must be 'application/json'`,
    );
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (cause) {
    throw new DhowError('InvalidParameter', `invalid JSON: ${(cause as Error).message}`, { cause });
  }
}
