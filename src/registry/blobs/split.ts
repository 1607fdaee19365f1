import { DhowError } from '#errors/error.ts';
import type { Descriptor } from '#image/manifest.ts';
import type { Reference } from '#image/reference.ts';
import { parseContentRange } from '#registry/blobs/content-range.ts';
import { TransientFailure } from '#registry/failures/transient.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask } from '#registry/http/ask.ts';
import { withRetries } from '#registry/http/back-off.ts';
import { discardBody, readWhole } from '#registry/http/body.ts';
import type { BlobOptions, RegistryLimits } from '#registry/registry.ts';

/** The server answers ranges otherwise than it was asked. */
export class CannotSplit extends Error {}

/**
 * Watches a download on one connection and tells when others should help: much is left, and the connection is slow. A server
 * nearby is as fast as the disk, and more connections would only cost memory.
 */
export function createSplitDecision(
  limits: RegistryLimits,
  now: () => number = () => performance.now(),
): (position: number, size: number) => boolean {
  let start: { at: number; position: number } | undefined;
  return (position, size) => {
    start ??= { at: now(), position };
    const received = position - start.position;
    if (size - position < limits.splitFromBytes || received < limits.splitPartBytes) return false;
    return received / (now() - start.at) < limits.splitBelowBytesPerMs;
  };
}

/** The bytes of a blob from `start` on, several parts at a time on as many connections, in order. @throws CannotSplit */
export async function* fetchParts(
  { ask, limits }: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  reference: Reference,
  { digest, size }: Descriptor,
  start: number,
  { credentials, signal: callerSignal }: Pick<BlobOptions, 'credentials' | 'signal'>,
): AsyncGenerator<Uint8Array, void> {
  const abort = new AbortController();
  const signal = AbortSignal.any([callerSignal, abort.signal]);
  const underWay: Promise<Buffer>[] = [];
  let next = start;
  const fill = (): void => {
    while (underWay.length < limits.splitConnections && next < size) {
      const part = fetchPart(next, Math.min(limits.splitPartBytes, size - next));
      // Awaited in its turn; until then its failure is nobody's.
      part.catch(() => {});
      underWay.push(part);
      next += limits.splitPartBytes;
    }
  };

  function fetchPart(first: number, length: number): Promise<Buffer> {
    return withRetries(limits, signal, async () => {
      const last = first + length - 1;
      const { response, url } = await ask(endpoint, {
        path: `${reference.repository}/blobs/${digest}`,
        headers: { range: `bytes=${first}-${last}` },
        asked: 'blob',
        reference,
        credentials,
        accepted: [206, 416],
        signal,
      });
      const range = parseContentRange(response.headers['content-range'] ?? '');
      const isRight = range?.first === first && range.last === last && (range.total ?? size) === size;
      if (response.statusCode !== 206 || !isRight) {
        discardBody(response);
        throw new CannotSplit();
      }
      const { idleTimeoutMs } = limits;
      const bytes = await readWhole(response, { url, idleTimeoutMs, signal, maxBytes: length, what: 'part' });
      if (bytes.length === length) return bytes;
      throw new TransientFailure(new DhowError('Unavailable', `a part of blob ${digest} ended early`));
    });
  }

  try {
    for (fill(); underWay.length > 0; fill()) yield await (underWay.shift() as Promise<Buffer>);
  } finally {
    abort.abort();
  }
}
