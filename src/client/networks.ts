import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { readJson } from '#client/read-body.ts';
import type { Network } from '#wire/networks.ts';

/** Networks, by name, id or unique prefix of an id. Errors are as `Client.request` says. */

export async function listNetworks(
  client: Client,
  filters?: Filters,
  signal?: AbortSignal,
): Promise<Network[]> {
  const query = { filters: encodeFilters(filters) };
  return readJson(await client.request({ method: 'GET', path: '/networks', query }, signal));
}
