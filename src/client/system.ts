import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import type { AuthConfig, AuthResponse } from '#wire/auth.ts';
import type { EventMessage } from '#wire/events.ts';
import { decodeJsonLines } from '#wire/json-lines.ts';
import type { SystemInfo, SystemVersion } from '#wire/system.ts';

/** The daemon as a whole. Errors are as `Client.request` says. */

/** What the head of `/_ping` says. */
export async function ping(client: Client, signal?: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const response = await client.request({ method: 'GET', path: '/_ping' }, signal);
  await discardBody(response.body);
  return response.headers;
}

export async function systemVersion(client: Client, signal?: AbortSignal): Promise<SystemVersion> {
  return readJson(await client.request({ method: 'GET', path: '/version' }, signal));
}

export async function systemInfo(client: Client, signal?: AbortSignal): Promise<SystemInfo> {
  return readJson(await client.request({ method: 'GET', path: '/info' }, signal));
}

/** Usage of the disk; the answer's shape depends on the daemon's version, so the caller says what it reads. */
export async function diskUsage<Usage>(
  client: Client,
  query: { type?: readonly string[]; verbose?: boolean } = {},
  signal?: AbortSignal,
): Promise<Usage> {
  return readJson(await client.request({ method: 'GET', path: '/system/df', query }, signal));
}

/** Ends at `until`, or never. `since` and `until` are seconds since the epoch, with a fraction. */
export async function watchEvents(
  client: Client,
  query: { since?: string | undefined; until?: string | undefined; filters?: Filters },
  signal?: AbortSignal,
): Promise<AsyncIterable<EventMessage>> {
  const { filters, ...rest } = query;
  const response = await client.request(
    { method: 'GET', path: '/events', query: { ...rest, filters: encodeFilters(filters) } },
    signal,
  );
  return decodeJsonLines(response.body) as AsyncIterable<EventMessage>;
}

/** Checks credentials with their registry. */
export async function checkAuth(
  client: Client,
  auth: AuthConfig,
  signal?: AbortSignal,
): Promise<AuthResponse> {
  return readJson(await client.request({ method: 'POST', path: '/auth', body: { json: auth } }, signal));
}
