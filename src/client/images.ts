import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImagePruneResponse,
  ImageSummary,
} from '#wire/images.ts';
import { decodeJsonLines } from '#wire/json-lines.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/**
 * Images, by reference, id or unique prefix of an id. Errors are as `Client.request` says. Operations that take long yield
 * the daemon's progress; a failure in their middle is a message with `error`, which the reader must look for.
 */

const pathOf = (reference: string, rest: string) =>
  // The daemon's routes take slashes and colons of a reference as they are.
  `/images/${encodeURIComponent(reference).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@')}${rest}`;

/** `auth` is the value of `X-Registry-Auth`, see `#wire/auth.ts`. */
export async function pullImage(
  client: Client,
  request: {
    fromImage: string;
    tag?: string | undefined;
    platform?: string | undefined;
    auth?: string | undefined;
  },
  signal?: AbortSignal,
): Promise<AsyncIterable<ProgressMessage>> {
  const { auth, ...query } = request;
  const response = await client.request(
    { method: 'POST', path: '/images/create', query, ...authHeader(auth) },
    signal,
  );
  return messages(response.body);
}

/** Without a tag: all tags of the repository. */
export async function pushImage(
  client: Client,
  name: string,
  request: { tag?: string | undefined; platform?: string | undefined; auth: string },
  signal?: AbortSignal,
): Promise<AsyncIterable<ProgressMessage>> {
  const { auth, ...query } = request;
  const response = await client.request(
    { method: 'POST', path: pathOf(name, '/push'), query, ...authHeader(auth) },
    signal,
  );
  return messages(response.body);
}

/** Makes an image of a root file system: a tar as body, or a URL or path that the daemon reads. */
export async function importImage(
  client: Client,
  request: {
    source: { stream: AsyncIterable<Uint8Array> } | { url: string };
    repository?: string | undefined;
    tag?: string | undefined;
    message?: string | undefined;
    changes?: readonly string[];
    platform?: string | undefined;
  },
  signal?: AbortSignal,
): Promise<AsyncIterable<ProgressMessage>> {
  const { source, repository, changes, ...rest } = request;
  const response = await client.request(
    {
      method: 'POST',
      path: '/images/create',
      query: { ...rest, fromSrc: 'url' in source ? source.url : '-', repo: repository, changes },
      ...('stream' in source ? { body: { stream: source.stream, contentType: 'application/x-tar' } } : {}),
    },
    signal,
  );
  return messages(response.body);
}

/** Loads a tar that `saveImages` wrote. */
export async function loadImages(
  client: Client,
  stream: AsyncIterable<Uint8Array>,
  query: { quiet?: boolean; platform?: string | undefined } = {},
  signal?: AbortSignal,
): Promise<AsyncIterable<ProgressMessage>> {
  const body = { stream, contentType: 'application/x-tar' };
  const response = await client.request({ method: 'POST', path: '/images/load', query, body }, signal);
  return messages(response.body);
}

/** The bytes of a tar with the images. Must be read to its end or destroyed. */
export async function saveImages(
  client: Client,
  names: readonly string[],
  query: { platform?: string | undefined } = {},
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const path = '/images/get';
  return (await client.request({ method: 'GET', path, query: { names, ...query } }, signal)).body;
}

export async function listImages(
  client: Client,
  query: { all?: boolean; manifests?: boolean; filters?: Filters } = {},
  signal?: AbortSignal,
): Promise<ImageSummary[]> {
  const { filters, ...rest } = query;
  const path = '/images/json';
  return readJson(
    await client.request(
      { method: 'GET', path, query: { ...rest, filters: encodeFilters(filters) } },
      signal,
    ),
  );
}

export async function inspectImage(
  client: Client,
  reference: string,
  signal?: AbortSignal,
): Promise<ImageInspect> {
  return readJson(await client.request({ method: 'GET', path: pathOf(reference, '/json') }, signal));
}

export async function imageHistory(
  client: Client,
  reference: string,
  query: { platform?: string } = {},
  signal?: AbortSignal,
): Promise<ImageHistoryItem[]> {
  const path = pathOf(reference, '/history');
  return readJson(await client.request({ method: 'GET', path, query }, signal));
}

export async function tagImage(
  client: Client,
  reference: string,
  target: { repo: string; tag?: string | undefined },
  signal?: AbortSignal,
): Promise<void> {
  const path = pathOf(reference, '/tag');
  await discardBody((await client.request({ method: 'POST', path, query: target }, signal)).body);
}

export async function removeImage(
  client: Client,
  reference: string,
  query: { force?: boolean; noprune?: boolean; platforms?: string[] } = {},
  signal?: AbortSignal,
): Promise<ImageDeleteItem[]> {
  return readJson(await client.request({ method: 'DELETE', path: pathOf(reference, ''), query }, signal));
}

export async function pruneImages(
  client: Client,
  filters?: Filters,
  signal?: AbortSignal,
): Promise<ImagePruneResponse> {
  const query = { filters: encodeFilters(filters) };
  return readJson(await client.request({ method: 'POST', path: '/images/prune', query }, signal));
}

function messages(body: AsyncIterable<Uint8Array>): AsyncIterable<ProgressMessage> {
  return decodeJsonLines(body) as AsyncIterable<ProgressMessage>;
}

function authHeader(auth: string | undefined): { headers?: Record<string, string> } {
  return auth === undefined ? {} : { headers: { 'X-Registry-Auth': auth } };
}
