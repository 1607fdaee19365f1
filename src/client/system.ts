import type { Client } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { readJson } from '#client/read-body.ts';
import type { LegacyDiskUsage } from '#wire/disk-usage.ts';
import type { EventMessage } from '#wire/events.ts';
import { decodeJsonLines } from '#wire/json-lines.ts';
import type { SystemInfo, SystemVersion } from '#wire/system.ts';

/** The daemon as a whole. Errors are as `Client.request` says. */

export async function systemVersion(client: Client, signal?: AbortSignal): Promise<SystemVersion> {
  return readJson(await client.request({ method: 'GET', path: '/version' }, signal));
}

export async function systemInfo(client: Client, signal?: AbortSignal): Promise<SystemInfo> {
  return readJson(await client.request({ method: 'GET', path: '/info' }, signal));
}

/** What lies on the disk, in the form of API 1.51 and before, which this client speaks. */
export async function diskUsage(client: Client, signal?: AbortSignal): Promise<LegacyDiskUsage> {
  return readJson(await client.request({ method: 'GET', path: '/system/df' }, signal));
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
