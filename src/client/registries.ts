import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { readJson } from '#client/read-body.ts';
import type { AuthConfig, AuthResponse } from '#wire/auth.ts';
import type {
  DistributionInspect,
  DistributionManifest,
  ImageSearchItem,
  IndexRequest,
  IndexResponse,
} from '#wire/registries.ts';

/** What the daemon asks of registries. `auth` is the value of `X-Registry-Auth`. Errors are as `Client.request` says. */

/** How a registry may be spoken to in one operation of Dhow's own. */
export interface RegistryAccess {
  auth: string;
  /** Take a certificate that nobody vouches for, and plain HTTP. */
  insecure?: boolean;
}

/** Throws Unauthorized when the registry refuses. */
export async function checkAuth(
  client: Client,
  auth: AuthConfig,
  signal?: AbortSignal,
): Promise<AuthResponse> {
  return readJson(await client.request({ method: 'POST', path: '/auth', body: { json: auth } }, signal));
}

export async function searchImages(
  client: Client,
  request: { term: string; limit?: number | undefined; filters?: Filters; auth: string },
  signal?: AbortSignal,
): Promise<ImageSearchItem[]> {
  const { auth, filters, ...rest } = request;
  const query = { ...rest, filters: encodeFilters(filters) };
  const headers = { 'X-Registry-Auth': auth };
  return readJson(await client.request({ method: 'GET', path: '/images/search', query, headers }, signal));
}

/** What a registry has under a name, with its digest. */
export async function inspectDistribution(
  client: Client,
  name: string,
  { auth }: RegistryAccess,
  signal?: AbortSignal,
): Promise<DistributionInspect> {
  const headers = { 'X-Registry-Auth': auth };
  return readJson(await client.request({ method: 'GET', path: pathOf(name, 'json'), headers }, signal));
}

/** A manifest or index as the registry has it. Only Dhow's daemon does this. */
export async function distributionManifest(
  client: Client,
  name: string,
  { auth, ...query }: RegistryAccess,
  signal?: AbortSignal,
): Promise<DistributionManifest> {
  const path = pathOf(name, 'manifest');
  const headers = { 'X-Registry-Auth': auth };
  return readJson(await client.request({ method: 'GET', path, query, headers }, signal));
}

/** Only Dhow's daemon does this. */
export async function pushIndex(
  client: Client,
  name: string,
  request: IndexRequest,
  { auth, ...query }: RegistryAccess,
  signal?: AbortSignal,
): Promise<IndexResponse> {
  const path = pathOf(name, 'index');
  const headers = { 'X-Registry-Auth': auth };
  return readJson(
    await client.request({ method: 'POST', path, query, headers, body: { json: request } }, signal),
  );
}

function pathOf(name: string, rest: string): string {
  return `/distribution/${name.split('/').map(encodeURIComponent).join('/')}/${rest}`;
}
