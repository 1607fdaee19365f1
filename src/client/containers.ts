import type { Client, UpgradedResponse } from '#client/client.ts';
import { encodeFilters, type Filters } from '#client/filters.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import type { ContainerInspect } from '#wire/container-inspect.ts';
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerPruneResponse,
  ContainerSummary,
  ContainerUpdateRequest,
  ContainerUpdateResponse,
  ContainerWaitResponse,
} from '#wire/containers.ts';
import { decodeJsonLines } from '#wire/json-lines.ts';
import type { ContainerStats, ContainerTop } from '#wire/stats.ts';

/** Containers, by full id, unique prefix of an id, or name. Errors are as `Client.request` says. */

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

const pathOf = (nameOrId: string, rest: string) => `/containers/${encodeURIComponent(nameOrId)}${rest}`;

export async function listContainers(
  client: Client,
  query: { all?: boolean; limit?: number; size?: boolean; filters?: Filters } = {},
  signal?: AbortSignal,
): Promise<ContainerSummary[]> {
  const { filters, ...rest } = query;
  const response = await client.request(
    { method: 'GET', path: '/containers/json', query: { ...rest, filters: encodeFilters(filters) } },
    signal,
  );
  return readJson(response);
}

export async function inspectContainer(
  client: Client,
  nameOrId: string,
  query: { size?: boolean } = {},
  signal?: AbortSignal,
): Promise<ContainerInspect> {
  return readJson(await client.request({ method: 'GET', path: pathOf(nameOrId, '/json'), query }, signal));
}

export async function createContainer(
  client: Client,
  request: ContainerCreateRequest,
  query: { name?: string | undefined; platform?: string | undefined } = {},
  signal?: AbortSignal,
): Promise<ContainerCreateResponse> {
  const response = await client.request(
    { method: 'POST', path: '/containers/create', query, body: { json: request } },
    signal,
  );
  return readJson(response);
}

/** Whether it ran already is no error. */
export async function startContainer(client: Client, nameOrId: string, signal?: AbortSignal): Promise<void> {
  await post(client, pathOf(nameOrId, '/start'), {}, signal);
}

/** `t` in seconds, -1 for no limit. */
export async function stopContainer(
  client: Client,
  nameOrId: string,
  query: { signal?: string | undefined; t?: number | undefined } = {},
  signal?: AbortSignal,
): Promise<void> {
  await post(client, pathOf(nameOrId, '/stop'), query, signal);
}

export async function restartContainer(
  client: Client,
  nameOrId: string,
  query: { signal?: string | undefined; t?: number | undefined } = {},
  signal?: AbortSignal,
): Promise<void> {
  await post(client, pathOf(nameOrId, '/restart'), query, signal);
}

export async function killContainer(
  client: Client,
  nameOrId: string,
  signalName?: string,
  signal?: AbortSignal,
): Promise<void> {
  await post(client, pathOf(nameOrId, '/kill'), { signal: signalName }, signal);
}

export async function pauseContainer(client: Client, nameOrId: string, signal?: AbortSignal): Promise<void> {
  await post(client, pathOf(nameOrId, '/pause'), {}, signal);
}

export async function unpauseContainer(
  client: Client,
  nameOrId: string,
  signal?: AbortSignal,
): Promise<void> {
  await post(client, pathOf(nameOrId, '/unpause'), {}, signal);
}

export async function renameContainer(
  client: Client,
  nameOrId: string,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  await post(client, pathOf(nameOrId, '/rename'), { name }, signal);
}

export async function updateContainer(
  client: Client,
  nameOrId: string,
  request: ContainerUpdateRequest,
  signal?: AbortSignal,
): Promise<ContainerUpdateResponse> {
  const path = pathOf(nameOrId, '/update');
  return readJson(await client.request({ method: 'POST', path, body: { json: request } }, signal));
}

export async function removeContainer(
  client: Client,
  nameOrId: string,
  query: { force?: boolean; v?: boolean; link?: boolean } = {},
  signal?: AbortSignal,
): Promise<void> {
  await discardBody(
    (await client.request({ method: 'DELETE', path: pathOf(nameOrId, ''), query }, signal)).body,
  );
}

export async function pruneContainers(
  client: Client,
  filters?: Filters,
  signal?: AbortSignal,
): Promise<ContainerPruneResponse> {
  const query = { filters: encodeFilters(filters) };
  return readJson(await client.request({ method: 'POST', path: '/containers/prune', query }, signal));
}

/**
 * Resolves as soon as the daemon has registered the wait (it sends the head of its answer then); the exit comes by
 * `exited`. A container started after that cannot exit unseen.
 */
export async function watchExit(
  client: Client,
  nameOrId: string,
  condition: 'not-running' | 'next-exit' | 'removed',
  signal?: AbortSignal,
): Promise<{ exited: Promise<ContainerWaitResponse> }> {
  const path = pathOf(nameOrId, '/wait');
  const response = await client.request({ method: 'POST', path, query: { condition } }, signal);
  const exited = readJson<ContainerWaitResponse>(response);
  // The caller may look at it late, or never when the start fails.
  exited.catch(() => {});
  return { exited };
}

export interface AttachQuery {
  readonly stream: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly logs?: boolean;
  readonly detachKeys?: string | undefined;
}

/** The container's stdio as a raw stream: unframed with a terminal, else as `#wire/raw-stream.ts` says. */
export async function attachContainer(
  client: Client,
  nameOrId: string,
  query: AttachQuery,
  signal?: AbortSignal,
): Promise<UpgradedResponse> {
  return client.upgrade({ method: 'POST', path: pathOf(nameOrId, '/attach'), query: { ...query } }, signal);
}

export async function resizeContainer(
  client: Client,
  nameOrId: string,
  size: TerminalSize,
  signal?: AbortSignal,
): Promise<void> {
  await post(client, pathOf(nameOrId, '/resize'), { h: size.rows, w: size.columns }, signal);
}

/** The log as a byte stream, framed unless the container has a terminal; newer daemons say which in the content type. */
export async function readLogs(
  client: Client,
  nameOrId: string,
  query: Readonly<Record<string, string | boolean | undefined>>,
  signal?: AbortSignal,
): Promise<{ body: AsyncIterable<Uint8Array>; contentType: string | undefined }> {
  const path = pathOf(nameOrId, '/logs');
  const { body, headers } = await client.request({ method: 'GET', path, query }, signal);
  return { body, contentType: headers['content-type'] };
}

/** An image of the container's changes. @returns its id */
export async function commitContainer(
  client: Client,
  query: {
    container: string;
    repo?: string | undefined;
    tag?: string | undefined;
    comment?: string | undefined;
    author?: string | undefined;
    changes?: readonly string[] | undefined;
    pause?: 'false' | undefined;
  },
  signal?: AbortSignal,
): Promise<{ Id: string }> {
  const body = { json: null };
  return readJson(await client.request({ method: 'POST', path: '/commit', query, body }, signal));
}

/** The container's processes. `psOptions` are words for ps; the daemon's default if empty. */
export async function topContainer(
  client: Client,
  nameOrId: string,
  psOptions: string,
  signal?: AbortSignal,
): Promise<ContainerTop> {
  const query = { ps_args: psOptions || undefined };
  return readJson(await client.request({ method: 'GET', path: pathOf(nameOrId, '/top'), query }, signal));
}

/** Samples of what the container uses: one, or one each second until it stops. */
export async function watchStats(
  client: Client,
  nameOrId: string,
  stream: boolean,
  signal?: AbortSignal,
): Promise<AsyncIterable<ContainerStats>> {
  const response = await client.request(
    { method: 'GET', path: pathOf(nameOrId, '/stats'), query: { stream: stream ? 1 : 0 } },
    signal,
  );
  return decodeJsonLines(response.body) as AsyncIterable<ContainerStats>;
}

async function post(
  client: Client,
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await discardBody((await client.request({ method: 'POST', path, query }, signal)).body);
}
