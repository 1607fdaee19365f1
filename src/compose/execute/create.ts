import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import { writeArchive } from '#client/archive.ts';
import type { Client } from '#client/client.ts';
import { createContainer, inspectContainer, removeContainer, renameContainer } from '#client/containers.ts';
import { connectNetwork } from '#client/networks.ts';
import type { NewContainer } from '#compose/container-request.ts';
import { dropUndefined } from '#compose/drop-undefined.ts';
import { stopWithHooks } from '#compose/execute/hooks.ts';
import { ifThere } from '#compose/execute/tolerate.ts';
import { label } from '#compose/labels.ts';
import type { Hooks } from '#compose/plan.ts';
import type { ContainerFile } from '#compose/request/mounts.ts';
import { unfinishedName } from '#compose/unfinished.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import type { ContainerCreateRequest } from '#wire/containers.ts';

/**
 * Makes a container on all its networks, with its files. Nothing is left of one that could not be completed, and one that a killed
 * client has left is known by its name.
 */
export async function createFrom(
  client: Client,
  container: NewContainer,
  signal: AbortSignal,
): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const { name, attachments, files } = container;
  const isOneRequest = attachments.length <= 1 && files.length === 0;
  const first = isOneRequest ? name : unfinishedName(randomBytes(6).toString('hex'), name);
  const id = await create(client, container, first, undo, signal);
  if (!isOneRequest) await renameContainer(client, id, name);
  undo.move();
}

export interface Replacement {
  readonly id: string;
  readonly container: NewContainer;
  readonly removeVolumes: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly hooks?: Hooks;
}

/**
 * Makes the new container under another name, so that the old one runs until the new one is there, and then takes its place. When that
 * fails before the old one is gone, the old one stays.
 */
export async function replaceBy(
  client: Client,
  replacement: Replacement,
  signal: AbortSignal,
): Promise<void> {
  const { id, container, removeVolumes } = replacement;
  await using undo = new AsyncDisposableStack();
  const made = await create(client, container, unfinishedName(id.slice(0, 12), container.name), undo, signal);
  await stopWithHooks(client, replacement, signal);
  // Not to be interrupted between these two.
  await ifThere(removeContainer(client, id, { v: removeVolumes }));
  undo.move();
  await renameContainer(client, made, container.name);
}

/** What is begun is not interrupted: a request that is cut off may have been done all the same. */
async function create(
  client: Client,
  container: NewContainer,
  name: string,
  undo: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<string> {
  const { attachments, files, platform } = container;
  const request = await withIds(client, container, signal);
  signal.throwIfAborted();
  const { Id: id } = await createContainer(client, request, { name, platform });
  undo.defer(async () => {
    // The failure that leads here is the one to tell.
    await removeContainer(client, id, { force: true, v: true }).catch(() => {});
  });
  for (const { network, settings } of attachments.slice(1)) {
    await connectNetwork(client, network, { Container: id, EndpointConfig: settings });
  }
  if (files.length > 0) await writeArchive(client, id, '/', packFiles(files), { copyUIDGID: true });
  return id;
}

/** Names of containers whose namespaces are joined become ids: what joins a container that was replaced is to be recognised by that. */
async function withIds(
  client: Client,
  { request, bound, digest }: NewContainer,
  signal: AbortSignal,
): Promise<ContainerCreateRequest> {
  if (bound.size === 0) return request;
  const ids = new Map<string, string>();
  for (const [service, name] of bound) {
    ids.set(service, (await inspectContainer(client, name, {}, signal)).Id);
  }
  const idOf = (service: string) => ids.get(service);
  const byName = new Map(
    [...bound].map(([service, name]) => [`container:${name}`, `container:${idOf(service)}`]),
  );
  const resolve = (mode: string | undefined) => (mode === undefined ? mode : (byName.get(mode) ?? mode));
  const { HostConfig: host, Labels: labels } = request;
  const modes = {
    NetworkMode: resolve(host?.NetworkMode),
    IpcMode: resolve(host?.IpcMode),
    PidMode: resolve(host?.PidMode),
  };
  return {
    ...request,
    Labels: { ...labels, [label.configHash]: digest(idOf) },
    HostConfig: { ...host, ...dropUndefined(modes) },
  };
}

async function* packFiles(files: readonly ContainerFile[]): AsyncGenerator<Buffer> {
  for (const { path, content, mode, uid, gid } of files) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : await readContent(content.file);
    const name = path.replace(/^\/+/, '');
    yield tarHeader({ type: 'file', name, mode, uid, gid, sizeBytes: bytes.length });
    yield bytes;
    yield tarPadding(bytes.length);
  }
  yield tarTrailer();
}

async function readContent(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new DhowError('NotFound', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
