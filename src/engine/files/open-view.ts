import fs from 'node:fs';
import { openTreeView, type TreeView } from '#archive/tree-view.ts';
import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';

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
  const { root, directory } = pathsOf(context.containersDirectory, record.id);
  const mounted = isLive(record);
  fs.mkdirSync(root, { recursive: true, mode: 0o710 });
  if (volumes && record.state.status === 'created') await fillVolumes(context, record);
  const view = undo.use(
    await openTreeView(workerUrl, {
      root,
      ...(mounted ? {} : { overlay: context.layers.rootMount(record.layers, directory) }),
      binds: volumes ? bindsOf(context, record) : [],
    }),
  );
  if (mounted) lock[Symbol.dispose]();
  const held = undo.move();
  return { view, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function bindsOf(context: ContainerContext, record: ContainerRecord) {
  return record.mounts
    .flatMap((mount) => {
      if (mount.type === 'tmpfs') return [];
      const source = mount.type === 'bind' ? mount.source : context.volumes.get(mount.name).mountpoint;
      return [{ source, target: mount.target, readonly: mount.readonly }];
    })
    .sort((a, b) => a.target.split('/').length - b.target.split('/').length);
}

/** What the first start would do: an empty volume gets what the image has at its place. */
async function fillVolumes(context: ContainerContext, record: ContainerRecord): Promise<void> {
  const toFill = record.mounts.filter((mount) => mount.type === 'volume' && mount.copyUp);
  if (toFill.length === 0) return;
  const { root, directory } = pathsOf(context.containersDirectory, record.id);
  context.roots.mount(context.layers.rootMount(record.layers, directory), root);
  try {
    for (const mount of toFill) {
      if (mount.type === 'volume') await context.volumes.copyUp(mount.name, root, mount.target);
    }
  } finally {
    context.roots.unmount(root);
  }
}
