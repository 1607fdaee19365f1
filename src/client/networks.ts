import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import type {
  EndpointSettings,
  Network,
  NetworkCreateRequest,
  NetworkCreateResponse,
} from '#wire/networks.ts';

/** Networks, by name, id or unique prefix of an id. Errors are as `Client.request` says. */

const pathOf = (nameOrId: string, rest = '') => `/networks/${encodeURIComponent(nameOrId)}${rest}`;

export async function listNetworks(
  client: Client,
  filters?: Filters,
  signal?: AbortSignal,
): Promise<Network[]> {
  const query = { filters: encodeFilters(filters) };
  return readJson(await client.request({ method: 'GET', path: '/networks', query }, signal));
}

export async function createNetwork(
  client: Client,
  request: NetworkCreateRequest,
  signal?: AbortSignal,
): Promise<NetworkCreateResponse> {
  const body = { json: request };
  return readJson(await client.request({ method: 'POST', path: '/networks/create', body }, signal));
}

export async function removeNetwork(client: Client, nameOrId: string, signal?: AbortSignal): Promise<void> {
  await discardBody((await client.request({ method: 'DELETE', path: pathOf(nameOrId) }, signal)).body);
}

export async function connectNetwork(
  client: Client,
  nameOrId: string,
  request: { Container: string; EndpointConfig?: EndpointSettings },
  signal?: AbortSignal,
): Promise<void> {
  const path = pathOf(nameOrId, '/connect');
  await discardBody((await client.request({ method: 'POST', path, body: { json: request } }, signal)).body);
}

export async function disconnectNetwork(
  client: Client,
  nameOrId: string,
  request: { Container: string; Force: boolean },
  signal?: AbortSignal,
): Promise<void> {
  const path = pathOf(nameOrId, '/disconnect');
  await discardBody((await client.request({ method: 'POST', path, body: { json: request } }, signal)).body);
}

export async function pruneNetworks(
  client: Client,
  filters?: Filters,
  signal?: AbortSignal,
): Promise<{ NetworksDeleted: string[] | null }> {
  const query = { filters: encodeFilters(filters) };
  return readJson(await client.request({ method: 'POST', path: '/networks/prune', query }, signal));
}
