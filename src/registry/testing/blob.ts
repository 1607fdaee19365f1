import { randomBytes } from 'node:crypto';
import { digestOf } from '#image/digest.ts';
import type { Descriptor } from '#image/manifest.ts';
import { parseReference } from '#image/reference.ts';
import type { BlobOptions, RegistryClient } from '#registry/registry.ts';
import type { Stub, StubHandler } from '#registry/testing/stub.ts';

export const blob = randomBytes(700_000);
export const digest = digestOf(blob);
export const descriptor: Descriptor = { mediaType: 'application/octet-stream', digest, size: blob.length };

/** What a caller has at the end, restarts taken into account. */
export async function fetchAll(
  client: RegistryClient,
  stub: Stub,
  options: Partial<BlobOptions> & { descriptor?: Descriptor } = {},
): Promise<{ bytes: Buffer; restarts: number }> {
  const offset = options.offset ?? 0;
  let parts: Uint8Array[] = [blob.subarray(0, offset)];
  let restarts = 0;
  const stream = client.fetchBlob(parseReference(`${stub.host}/a/b`), options.descriptor ?? descriptor, {
    signal: new AbortController().signal,
    ...options,
    offset,
    onRestart: async () => {
      parts = [];
      restarts++;
    },
  });
  for await (const chunk of stream) parts.push(chunk);
  return { bytes: Buffer.concat(parts), restarts };
}

export function rangeStart(range: string | undefined): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? 'bytes=0-')?.[1]);
}

/** Serves the blob as a good registry does, but cuts the connection after `cut` bytes. */
export function serving(cut: (count: number) => number): StubHandler {
  return ({ headers }, response, count) => {
    const first = rangeStart(headers.range);
    const rest = blob.subarray(first);
    const partial = { 'content-range': `bytes ${first}-${blob.length - 1}/${blob.length}` };
    response.writeHead(headers.range ? 206 : 200, {
      'content-length': rest.length,
      ...(headers.range && partial),
    });
    const limit = cut(count);
    if (limit >= rest.length) response.end(rest);
    else response.write(rest.subarray(0, limit), () => response.destroy());
  };
}
