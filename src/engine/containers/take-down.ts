import { emitVolumeEvent } from '#engine/containers/container-volumes.ts';
import { announceEndpoint } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';

/** Removes what the container has outside its directory: process remains, cgroup, endpoint, root mount. Idempotent. */
export async function takeDown(context: ContainerContext, record: ContainerRecord): Promise<void> {
  await context.turns.take();
  for (const endpoint of context.networks.endpointsOf(record.id)) {
    announceEndpoint(context, 'disconnect', endpoint);
  }
  const { root, sources } = pathsOf(context.containersDirectory, record.id);
  // The process has its own view of the root: at the same time as the rest.
  await Promise.all([
    context.runtime.delete(record.id),
    context.networks.detach(record.id),
    context.roots.unmountInBackground(root),
    context.roots.unmountBelow(sources),
  ]);
  await releaseVolumes(context, record);
}

async function releaseVolumes(context: ContainerContext, record: ContainerRecord): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type !== 'volume' || !(await context.volumes.release(mount.name, record.id))) continue;
    emitVolumeEvent(context, 'unmount', mount.name, { container: record.id });
  }
}
