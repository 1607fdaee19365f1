import type { Client } from '#client/client.ts';
import { discardBody, readJson } from '#client/read-body.ts';
import { DhowError } from '#errors/error.ts';
import { type FilesystemChange, type PathStat, pathStatHeader } from '#wire/archive.ts';
import { mediaTypes } from '#wire/media-types.ts';

/** The files of containers. Errors are as `Client.request` says. */

const pathOf = (container: string, rest: string) => `/containers/${encodeURIComponent(container)}${rest}`;

/** What is at a path. The last name is not followed. */
export async function statPath(
  client: Client,
  container: string,
  path: string,
  signal?: AbortSignal,
): Promise<PathStat> {
  const request = { method: 'HEAD', path: pathOf(container, '/archive'), query: { path } } as const;
  const response = await client.request(request, signal);
  await discardBody(response.body);
  return decodePathStat(response.headers);
}

export async function readArchive(
  client: Client,
  container: string,
  path: string,
  signal?: AbortSignal,
): Promise<{ stat: PathStat; archive: AsyncIterable<Uint8Array> }> {
  const request = { method: 'GET', path: pathOf(container, '/archive'), query: { path } } as const;
  const response = await client.request(request, signal);
  return { stat: decodePathStat(response.headers), archive: response.body };
}

/** Unpacks a tar archive in a directory of the container; files do not replace directories, nor directories files. */
export async function writeArchive(
  client: Client,
  container: string,
  path: string,
  archive: AsyncIterable<Uint8Array>,
  options: { copyUIDGID: boolean },
  signal?: AbortSignal,
): Promise<void> {
  const query = { path, noOverwriteDirNonDir: 'true', copyUIDGID: options.copyUIDGID ? 'true' : undefined };
  const body = { stream: archive, contentType: mediaTypes.tar };
  const request = { method: 'PUT', path: pathOf(container, '/archive'), query, body } as const;
  await discardBody((await client.request(request, signal)).body);
}

/** The whole root as a tar archive. */
export async function exportContainer(
  client: Client,
  container: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  return (await client.request({ method: 'GET', path: pathOf(container, '/export') }, signal)).body;
}

export async function listChanges(
  client: Client,
  container: string,
  signal?: AbortSignal,
): Promise<FilesystemChange[]> {
  const response = await client.request({ method: 'GET', path: pathOf(container, '/changes') }, signal);
  return (await readJson<FilesystemChange[] | null>(response)) ?? [];
}

function decodePathStat(headers: Readonly<Record<string, string>>): PathStat {
  const text = headers[pathStatHeader.toLowerCase()];
  if (text === undefined) throw new DhowError('Unavailable', `the daemon sent no ${pathStatHeader}`);
  return JSON.parse(Buffer.from(text, 'base64').toString()) as PathStat;
}
