import fs from 'node:fs';
import { openTreeView, type TreeView } from '#archive/tree-view.ts';
import { makeVolumes } from '#engine/containers/container-volumes.ts';
import { isLive } from '#engine/containers/lookup.ts';
import { type MountSource, openedMountSources, openMountSources } from '#engine/containers/mount-sources.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { idMappingOf } from '#engine/containers/user-namespace.ts';
import type { IdMapping } from '#sys/id-mapping.ts';

export interface ContainerTree extends AsyncDisposable {
  view: TreeView;
}

/**
 * Opens a container's files. The lock of one that does not run is held until disposal.
 * @param volumes whether volumes and bind mounts belong to the view
 */
export async function openContainerTree(
  context: ContainerContext,
  workerUrl: URL,
  record: ContainerRecord,
  volumes: boolean,
): Promise<ContainerTree> {
  await using undo = new AsyncDisposableStack();
  const lock = undo.use(await context.locks.acquire(record.id));
  const paths = pathsOf(context.containersDirectory, record.id);
  const { root } = paths;
  const mapping = idMappingOf(context, record);
  const overlay = () =>
    context.roots.mapRoot(
      context.layers.rootMount(record.layers, writableDirectory(paths, record.settings)),
      mapping,
    );
  const mounted = isLive(record);
  fs.mkdirSync(root, { recursive: true, mode: 0o710 });
  const sources = volumes ? await openSources(context, record, mapping, undo) : [];
  const view = undo.use(
    await openTreeView(workerUrl, {
      root,
      ...(mounted ? {} : { overlay: overlay() }),
      ...(mapping === undefined ? {} : { mapping }),
      binds: sources
        .map(({ mount, source }) => ({ source, target: mount.target, readonly: isReadonly(mount) }))
        .sort((a, b) => a.target.split('/').length - b.target.split('/').length),
    }),
  );
  if (mounted) lock[Symbol.dispose]();
  const held = undo.move();
  return { view, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** What the first start would do is done here too: an empty volume gets what the image has at its place. */
async function openSources(
  context: ContainerContext,
  record: ContainerRecord,
  mapping: IdMapping | undefined,
  undo: AsyncDisposableStack,
): Promise<MountSource[]> {
  const paths = pathsOf(context.containersDirectory, record.id);
  if (isLive(record)) return openedMountSources(context, record, paths, mapping);
  await makeVolumes(context, record);
  const fill =
    record.state.status === 'created' &&
    record.mounts.some((mount) => mount.type === 'volume' && mount.copyUp);
  if (fill) {
    const writable = writableDirectory(paths, record.settings);
    const root = context.roots.mapRoot(context.layers.rootMount(record.layers, writable), mapping);
    context.roots.mount(root, paths.root, mapping);
  }
  try {
    return await openMountSources(context, record, paths, {
      ...{ holder: `files of ${record.id}`, undo, fill, mapping },
    });
  } finally {
    if (fill) context.roots.unmount(paths.root);
  }
}

function isReadonly(mount: MountSource['mount']): boolean {
  return mount.type === 'image' || mount.readonly;
}
