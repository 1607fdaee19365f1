import type { Client } from '#client/client.ts';
import { readJson } from '#client/read-body.ts';
import type { SystemInfo, SystemVersion } from '#wire/system.ts';

/** The daemon as a whole. Errors are as `Client.request` says. */

export async function systemVersion(client: Client, signal?: AbortSignal): Promise<SystemVersion> {
  return readJson(await client.request({ method: 'GET', path: '/version' }, signal));
}

export async function systemInfo(client: Client, signal?: AbortSignal): Promise<SystemInfo> {
  return readJson(await client.request({ method: 'GET', path: '/info' }, signal));
}
