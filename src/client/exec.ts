import type { Client, UpgradedResponse } from '#client/client.ts';
import type { TerminalSize } from '#client/containers.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import type { ExecCreateRequest, ExecCreateResponse, ExecInspect, ExecStartRequest } from '#wire/exec.ts';

/** Processes started in a running container. Errors are as `Client.request` says. */

export async function createExec(
  client: Client,
  container: string,
  request: ExecCreateRequest,
  signal?: AbortSignal,
): Promise<ExecCreateResponse> {
  const path = `/containers/${encodeURIComponent(container)}/exec`;
  return readJson(await client.request({ method: 'POST', path, body: { json: request } }, signal));
}

/** Starts it with its stdio as a raw stream: unframed with a terminal, else as `#wire/raw-stream.ts` says. */
export async function startExec(
  client: Client,
  id: string,
  request: ExecStartRequest,
  signal?: AbortSignal,
): Promise<UpgradedResponse> {
  return client.upgrade({ method: 'POST', path: `/exec/${id}/start`, body: { json: request } }, signal);
}

export async function startExecDetached(
  client: Client,
  id: string,
  request: ExecStartRequest,
  signal?: AbortSignal,
): Promise<void> {
  const json = { ...request, Detach: true };
  const response = await client.request(
    { method: 'POST', path: `/exec/${id}/start`, body: { json } },
    signal,
  );
  await discardBody(response.body);
}

export async function resizeExec(
  client: Client,
  id: string,
  size: TerminalSize,
  signal?: AbortSignal,
): Promise<void> {
  const query = { h: size.rows, w: size.columns };
  const response = await client.request({ method: 'POST', path: `/exec/${id}/resize`, query }, signal);
  await discardBody(response.body);
}

export async function inspectExec(client: Client, id: string, signal?: AbortSignal): Promise<ExecInspect> {
  return readJson(await client.request({ method: 'GET', path: `/exec/${id}/json` }, signal));
}
