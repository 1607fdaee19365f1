import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import type { Volume, VolumeCreateRequest, VolumeList, VolumePruneResponse } from '#wire/volumes.ts';

/** Volumes, by name. Errors are as `Client.request` says. */

export async function listVolumes(
  client: Client,
  filters?: Filters,
  signal?: AbortSignal,
): Promise<VolumeList> {
  const query = { filters: encodeFilters(filters) };
  return readJson(await client.request({ method: 'GET', path: '/volumes', query }, signal));
}

export async function createVolume(
  client: Client,
  request: VolumeCreateRequest,
  signal?: AbortSignal,
): Promise<Volume> {
  const body = { json: request };
  return readJson(await client.request({ method: 'POST', path: '/volumes/create', body }, signal));
}

export async function removeVolume(
  client: Client,
  name: string,
  query: { force?: boolean } = {},
  signal?: AbortSignal,
): Promise<void> {
  const path = `/volumes/${encodeURIComponent(name)}`;
  await discardBody((await client.request({ method: 'DELETE', path, query }, signal)).body);
}

export async function pruneVolumes(
  client: Client,
  filters?: Filters,
  signal?: AbortSignal,
): Promise<VolumePruneResponse> {
  const query = { filters: encodeFilters(filters) };
  return readJson(await client.request({ method: 'POST', path: '/volumes/prune', query }, signal));
}
