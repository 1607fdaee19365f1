import { DhowError, kindOf } from '#errors/error.ts';
import type { Digest } from '#image/digest.ts';
import { familiarRepository, type Reference } from '#image/reference.ts';
import type { Access } from '#registry/auth/authorizer.ts';
import { settle, TransientFailure } from '#registry/failures/transient.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask, AskRequest } from '#registry/http/ask.ts';
import { createBackOff, withRetries } from '#registry/http/back-off.ts';
import { discardBody } from '#registry/http/body.ts';
import type { Answer } from '#registry/http/redirects.ts';
import type { PushBlobOptions, PushedBlob, RegistryLimits, UploadBlob } from '#registry/registry.ts';

export interface PushParts {
  ask: Ask;
  limits: RegistryLimits;
}

const pushAccess: Access = { actions: 'pull,push' };
/** Blobs up to this size go in one request; for larger ones a broken connection must cost only what was under way. */
const monolithicBytes = 1024 * 1024;
/** For servers that refuse to take a blob in one piece (a proxy before them has a limit). */
const smallChunkBytes = 8 * 1024 * 1024;

/** See `RegistryClient.hasBlob`. */
export async function hasBlob(
  { ask, limits }: PushParts,
  endpoint: Endpoint,
  reference: Reference,
  digest: Digest,
  {
    credentials,
    signal,
    access = pushAccess,
  }: Pick<PushBlobOptions, 'credentials' | 'signal'> & { access?: Access },
): Promise<boolean> {
  const { response } = await withRetries(limits, signal, () =>
    ask(endpoint, {
      method: 'HEAD',
      path: `${reference.repository}/blobs/${digest}`,
      access,
      asked: 'upload',
      reference,
      credentials,
      accepted: [404],
      signal,
    }),
  );
  discardBody(response);
  return response.statusCode === 200;
}

/** See `RegistryClient.pushBlob`. */
export async function pushBlob(
  parts: PushParts,
  endpoint: Endpoint,
  reference: Reference,
  blob: UploadBlob,
  options: PushBlobOptions,
): Promise<PushedBlob> {
  const { credentials, signal } = options;
  const { ask, limits } = parts;
  const common = { asked: 'upload', reference, credentials, signal } as const;
  const uploads = `${reference.repository}/blobs/uploads/`;

  for (const from of options.mountFrom ?? []) {
    const mounted = await mountBlob(parts, endpoint, reference, blob.digest, from, options);
    if (mounted) return { kind: 'mounted', from };
  }
  const backOff = createBackOff(limits);
  let upload: Upload | undefined;
  let chunkBytes = Number.POSITIVE_INFINITY;
  for (;;) {
    try {
      upload ??= await begin();
      if (blob.sizeBytes <= monolithicBytes) {
        await finish(upload, blob.open(0));
        return { kind: 'uploaded' };
      }
      while (upload.offset < blob.sizeBytes) {
        const before: number = upload.offset;
        upload = await sendChunk(upload, Math.min(chunkBytes, blob.sizeBytes - before));
        if (upload.offset > before) backOff.reset();
      }
      await finish(upload);
      return { kind: 'uploaded' };
    } catch (error) {
      if (error instanceof TooLarge && chunkBytes > smallChunkBytes) {
        chunkBytes = smallChunkBytes;
        upload = undefined;
        continue;
      }
      const failure = error instanceof TooLarge ? error.failure : error;
      await backOff.afterFailure(failure, signal).catch((final: unknown) => {
        throw settle(final);
      });
      upload = upload && (await findOffset(upload));
    }
  }

  async function begin(): Promise<Upload> {
    const answer = await ask(endpoint, {
      ...common,
      method: 'POST',
      path: uploads,
      headers: { 'content-length': '0' },
      access: pushAccess,
      accepted: [202],
    });
    return { location: locationOf(answer), offset: 0 };
  }

  /** Streams a part of the blob; the registry keeps what arrives also when the connection breaks. */
  async function sendChunk({ location, offset }: Upload, length: number): Promise<Upload> {
    const answer = await askWithBody({
      ...common,
      method: 'PATCH',
      path: location,
      access: pushAccess,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(length),
        'content-range': `${offset}-${offset + length - 1}`,
      },
      body: { open: () => counted(blob.open(offset), offset, length) },
      accepted: [202, 204, 416],
    });
    if (answer.response.statusCode === 416) {
      throw new TransientFailure(new DhowError('Unavailable', 'the registry has another part of the upload'));
    }
    return { location: locationOf(answer, location), offset: endOf(answer) ?? offset + length };
  }

  async function finish({ location }: Upload, content?: AsyncIterable<Uint8Array>): Promise<void> {
    const path = new URL(location);
    path.searchParams.set('digest', blob.digest);
    const length = content === undefined ? 0 : blob.sizeBytes;
    const answer = await askWithBody({
      ...common,
      method: 'PUT',
      path,
      access: pushAccess,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(length) },
      ...(content === undefined ? {} : { body: { open: () => counted(content, 0, length) } }),
      accepted: [201, 202, 204],
    });
    discardBody(answer.response);
  }

  async function askWithBody(request: AskRequest): Promise<Answer> {
    try {
      const answer = await ask(endpoint, { ...request, accepted: [...(request.accepted ?? []), 413] });
      if (answer.response.statusCode !== 413) return answer;
      discardBody(answer.response);
    } catch (error) {
      // The upload that we go on with may have ended there: another one is begun.
      if (kindOf(settle(error)) === 'NotFound' && request.path instanceof URL) {
        throw new TransientFailure(settle(error) as DhowError);
      }
      throw error;
    }
    throw new TooLarge(
      new DhowError(
        'ResourceExhausted',
        `${familiarRepository(reference)}: the registry takes no layer of this size`,
      ),
    );
  }

  async function* counted(
    bytes: AsyncIterable<Uint8Array>,
    offset: number,
    length: number,
  ): AsyncGenerator<Uint8Array> {
    let done = 0;
    for await (const chunk of bytes) {
      const part = chunk.subarray(0, length - done);
      yield part;
      done += part.length;
      options.onProgress?.(offset + done);
      if (done === length) return;
    }
  }

  /** After a broken request: how much has arrived. @returns undefined when the upload is no longer known */
  async function findOffset({ location }: Upload): Promise<Upload | undefined> {
    try {
      const answer = await ask(endpoint, {
        ...common,
        path: location,
        access: pushAccess,
        accepted: [204, 404],
      });
      discardBody(answer.response);
      if (answer.response.statusCode === 404) return undefined;
      return { location: locationOf(answer, location), offset: endOf(answer) ?? 0 };
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }
}

async function mountBlob(
  { ask, limits }: PushParts,
  endpoint: Endpoint,
  reference: Reference,
  digest: Digest,
  from: string,
  { credentials, signal }: PushBlobOptions,
): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  const request = {
    method: 'POST',
    path: `${reference.repository}/blobs/uploads/?${query}`,
    headers: { 'content-length': '0' },
    access: { ...pushAccess, mountFrom: from },
    asked: 'upload',
    reference,
    credentials,
    accepted: [201, 202],
    signal,
  } as const;
  try {
    const { response } = await withRetries(limits, signal, () => ask(endpoint, request));
    discardBody(response);
    // 202: the registry began an upload instead, which it forgets by itself.
    return response.statusCode === 201;
  } catch {
    // A repository that we may not read is no reason not to push.
    signal.throwIfAborted();
    return false;
  }
}

interface Upload {
  location: URL;
  /** Bytes that the registry has. */
  offset: number;
}

class TooLarge extends Error {
  readonly failure: DhowError;

  constructor(failure: DhowError) {
    super(failure.message);
    this.failure = failure;
  }
}

/** @throws Unavailable when the registry does not say where to go on */
function locationOf({ response, url }: Answer, before?: URL): URL {
  discardBody(response);
  const { location } = response.headers;
  if (location !== undefined && URL.canParse(location, url.href)) {
    const next = new URL(location, url.href);
    if (next.hostname === url.hostname) {
      // A registry behind a proxy that speaks TLS for it may not know its own scheme and port.
      next.protocol = url.protocol;
      next.port = url.port;
      return next;
    }
    throw new DhowError(
      'Forbidden',
      `the registry ${url.host} sends the upload to another host: ${next.host}`,
    );
  }
  if (before !== undefined) return before;
  throw new DhowError('Unavailable', `the registry ${url.host} began an upload without saying where`);
}

/** `Range: 0-99` is a hundred bytes. */
function endOf({ response }: Answer): number | undefined {
  const match = /^(?:bytes=)?0-(\d{1,15})$/.exec(String(response.headers['range'] ?? ''));
  return match ? Number(match[1]) + 1 : undefined;
}
