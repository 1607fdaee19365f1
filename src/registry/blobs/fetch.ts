import type { IncomingMessage } from 'node:http';
import { DhowError, kindOf } from '#errors/error.ts';
import type { Descriptor } from '#image/manifest.ts';
import { familiarName, type Reference } from '#image/reference.ts';
import { parseContentRange } from '#registry/blobs/content-range.ts';
import { CannotSplit, createSplitDecision, fetchParts } from '#registry/blobs/split.ts';
import { settle, TransientFailure } from '#registry/failures/transient.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Route } from '#registry/hosts/route.ts';
import type { Ask } from '#registry/http/ask.ts';
import { createBackOff } from '#registry/http/back-off.ts';
import { readBody } from '#registry/http/body.ts';
import type { BlobOptions, RegistryLimits } from '#registry/registry.ts';

export interface BlobParts {
  ask: Ask;
  limits: RegistryLimits;
  route: Route;
}

/** A connection that brought less than this, or less than the rest, made no progress: a server cannot trickle us on. */
const progressBytes = 64 * 1024;

/** A mirror gets one second chance; behind it waits the registry. */
const mirrorAttempts = 2;

/** See `RegistryClient.fetchBlob`. */
export async function* fetchBlob(
  parts: BlobParts,
  endpoints: readonly Endpoint[],
  reference: Reference,
  descriptor: Descriptor,
  options: BlobOptions,
): AsyncGenerator<Uint8Array, void> {
  const { limits, route } = parts;
  const { signal } = options;
  const { size } = descriptor;
  if (!Number.isSafeInteger(options.offset) || options.offset < 0 || options.offset > size) {
    throw new DhowError(
      'InvalidParameter',
      `offset ${options.offset} is outside of blob ${descriptor.digest} (${size} bytes)`,
    );
  }
  let position = options.offset;
  /** Beginning anew is no progress, however far it went before. */
  let furthest = position;
  const candidates = route.awake(endpoints);
  for (const [index, endpoint] of candidates.entries()) {
    const backOff = createBackOff(endpoint.isMirror ? { ...limits, attempts: mirrorAttempts } : limits);
    let failure: unknown;
    let canSplit = true;
    const take = (chunk: Uint8Array): void => {
      if (chunk.length > size - position) throw tooLong(reference, descriptor);
      position += chunk.length;
      if (position >= Math.min(furthest + progressBytes, size)) {
        furthest = position;
        backOff.reset();
      }
    };
    while (position < size) {
      let stream: BlobStream;
      try {
        stream = await openBlob(parts, endpoint, reference, descriptor, position, options);
      } catch (error) {
        failure = await pauseOrGiveUp(error);
        if (failure !== undefined) break;
        continue;
      }
      if (stream.first !== position) {
        try {
          await options.onRestart();
        } catch (error) {
          stream.response.destroy();
          throw error;
        }
        position = 0;
      }
      try {
        const shouldSplit = createSplitDecision(limits);
        const whole = readBody(stream.response, { ...stream, idleTimeoutMs: limits.idleTimeoutMs, signal });
        for await (const chunk of whole) {
          take(chunk);
          yield chunk;
          if (canSplit && shouldSplit(position, size)) break;
        }
        if (canSplit && shouldSplit(position, size)) {
          for await (const chunk of fetchParts(parts, endpoint, reference, descriptor, position, options)) {
            take(chunk);
            yield chunk;
          }
        }
        if (position < size) throw endedEarly(reference, descriptor, position);
      } catch (error) {
        if (position === size && error instanceof TransientFailure) return;
        if (error instanceof CannotSplit) {
          canSplit = false;
          continue;
        }
        failure = await pauseOrGiveUp(error);
        if (failure !== undefined) break;
      }
    }
    if (failure === undefined) return;
    signal.throwIfAborted();
    route.failed(endpoint, failure);
    if (index === candidates.length - 1) throw settle(failure);
    if (position > 0 && kindOf(failure) === 'DataLoss') {
      // What this mirror sent so far is not to be built upon.
      await options.onRestart();
      position = 0;
    }

    async function pauseOrGiveUp(error: unknown): Promise<unknown> {
      try {
        await backOff.afterFailure(error, signal);
        return undefined;
      } catch (final) {
        return final;
      }
    }
  }
}

interface BlobStream {
  response: IncomingMessage;
  url: URL;
  /** Where in the blob it begins: where it was asked to, or 0. */
  first: number;
}

async function openBlob(
  { ask }: BlobParts,
  endpoint: Endpoint,
  reference: Reference,
  descriptor: Descriptor,
  position: number,
  { credentials, signal }: BlobOptions,
): Promise<BlobStream> {
  const { digest, size } = descriptor;
  const request = {
    path: `${reference.repository}/blobs/${digest}`,
    asked: 'blob',
    reference,
    credentials,
    signal,
  } as const;
  let { response, url } =
    position === 0
      ? await ask(endpoint, request)
      : await ask(endpoint, {
          ...request,
          headers: { range: `bytes=${position}-` },
          accepted: [206, 416],
        });
  if (response.statusCode === 416 || (response.statusCode === 206 && !continues(response, position, size))) {
    // It cannot continue here, or it sent another part than it was asked for. Without a range it has no choice.
    response.destroy();
    ({ response, url } = await ask(endpoint, request));
  }
  const isPartial = response.statusCode === 206;
  const length = response.headers['content-length'];
  if (!isPartial && length !== undefined && Number(length) !== size) {
    response.destroy();
    throw new DhowError(
      'DataLoss',
      `blob ${digest} of ${familiarName(reference)} has ${length} bytes in the registry, its manifest says ${size}`,
    );
  }
  return { response, url, first: isPartial ? position : 0 };
}

function continues(response: IncomingMessage, position: number, size: number): boolean {
  const range = parseContentRange(response.headers['content-range'] ?? '');
  return range !== undefined && position > 0 && range.first === position && (range.total ?? size) === size;
}

function tooLong(reference: Reference, { digest, size }: Descriptor): DhowError {
  return new DhowError(
    'DataLoss',
    `blob ${digest} of ${familiarName(reference)} is longer than the ${size} bytes of its manifest`,
  );
}

function endedEarly(reference: Reference, { digest, size }: Descriptor, position: number): TransientFailure {
  const message = `blob ${digest} of ${familiarName(reference)} ended after ${position} of ${size} bytes`;
  return new TransientFailure(new DhowError('Unavailable', message));
}
