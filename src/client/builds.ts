import type { Client } from '#client/client.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import { DhowError } from '#errors/error.ts';
import type { BuildPruneResponse } from '#wire/build.ts';
import type { BuildCacheRecord, LegacyDiskUsage } from '#wire/disk-usage.ts';
import { decodeJsonLines } from '#wire/json-lines.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/** What the daemon is asked to build. Names of `query` are those of `POST /build`. */
export interface BuildCall {
  query: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** A tar archive; undefined when the daemon fetches the context. */
  context: AsyncIterable<Uint8Array> | undefined;
  headers: Readonly<Record<string, string>>;
}

/**
 * A failure in the middle of the build is a message with `error`.
 * @throws Unsupported when another daemon than Dhow's is asked for what only that one has; as `Client.request`
 */
export async function buildImage(
  client: Client,
  { query, context, headers }: BuildCall,
  signal?: AbortSignal,
): Promise<AsyncIterable<ProgressMessage>> {
  const own = [...Object.entries(query), ...Object.entries(headers)]
    .filter(([name, value]) => ownName.test(name) && value !== undefined && String(value) !== '')
    .map(([name]) => name);
  if (own.length > 0) await requireDhow(client, own, signal);
  const response = await client.request(
    {
      method: 'POST',
      path: '/build',
      query,
      headers,
      ...(context === undefined ? {} : { body: { stream: context, contentType: 'application/x-tar' } }),
    },
    signal,
  );
  return decodeJsonLines(response.body) as AsyncIterable<ProgressMessage>;
}

/** What Docker's daemon does not know, and would forget without a word. `dhow-events` is only about how the build is told. */
const ownName = /^dhow-(?!events$)|^X-Dhow-/;

async function requireDhow(client: Client, names: readonly string[], signal?: AbortSignal): Promise<void> {
  const { headers, body } = await client.request({ method: 'HEAD', path: '/_ping' }, signal);
  await discardBody(body);
  if (headers['server']?.startsWith('Dhow/')) return;
  const asked = names.map((name) => name.replace(/^dhow-|^X-Dhow-Build-/, '').toLowerCase()).join(', ');
  throw new DhowError(
    'Unsupported',
    `the daemon is not Dhow's, and its first builder does not know what the build needs: ${asked}; build with docker's buildx`,
  );
}

export async function pruneBuildCache(
  client: Client,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
  signal?: AbortSignal,
): Promise<BuildPruneResponse> {
  return readJson(await client.request({ method: 'POST', path: '/build/prune', query }, signal));
}

/** What is kept of builds' steps, and cache mounts. */
export async function listBuildCache(client: Client, signal?: AbortSignal): Promise<BuildCacheRecord[]> {
  const request = { method: 'GET', path: '/system/df', query: { type: 'build-cache' } } as const;
  const usage: LegacyDiskUsage = await readJson(await client.request(request, signal));
  return usage.BuildCache ?? [];
}
