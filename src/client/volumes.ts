import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import { mediaTypes } from '#wire/media-types.ts';
import type {
  Volume,
  VolumeCloneRequest,
  VolumeCloneResponse,
  VolumeCreateRequest,
  VolumeList,
  VolumePruneResponse,
} from '#wire/volumes.ts';

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
  const path = pathOf(name);
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

/** Dhow only, as all that follows. */
export async function renameVolume(
  client: Client,
  name: string,
  newName: string,
  signal?: AbortSignal,
): Promise<void> {
  const query = { name: newName };
  await discardBody(
    (await client.request({ method: 'POST', path: pathOf(name, '/rename'), query }, signal)).body,
  );
}

export async function cloneVolume(
  client: Client,
  name: string,
  request: VolumeCloneRequest,
  signal?: AbortSignal,
): Promise<VolumeCloneResponse> {
  const body = { json: request };
  return readJson(await client.request({ method: 'POST', path: pathOf(name, '/clone'), body }, signal));
}

/** The content as a tar archive. */
export async function exportVolume(
  client: Client,
  name: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  return (await client.request({ method: 'GET', path: pathOf(name, '/export') }, signal)).body;
}

/** Fills a volume, which is made if need be, from a tar archive. */
export async function importVolume(
  client: Client,
  name: string,
  archive: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Volume> {
  const body = { stream: archive, contentType: mediaTypes.tar };
  return readJson(await client.request({ method: 'POST', path: pathOf(name, '/import'), body }, signal));
}

function pathOf(name: string, rest = ''): string {
  return `/volumes/${encodeURIComponent(name)}${rest}`;
}
