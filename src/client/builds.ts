import type { Client } from '#client/client.ts';
import { readJson } from '#client/read-body.ts';
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

/** A failure in the middle of the build is a message with `error`. Errors are as `Client.request` says. */
export async function buildImage(
  client: Client,
  { query, context, headers }: BuildCall,
  signal?: AbortSignal,
): Promise<AsyncIterable<ProgressMessage>> {
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
