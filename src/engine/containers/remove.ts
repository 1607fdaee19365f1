import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { findContainer, isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import { killAndWait } from '#engine/containers/stop.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { takeDown } from '#engine/containers/take-down.ts';
import { DhowError, kindOf, messageOf } from '#errors/error.ts';

/** See `ContainerService.remove`. */
export async function removeContainer(
  context: ContainerContext,
  nameOrId: string,
  options: { force: boolean; volumes: boolean },
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  if (isLive(record) || record.state.status === 'restarting') {
    if (!options.force) {
      const { status } = record.state;
      const remedy =
        status === 'paused' ? 'unpause and then stop the container' : 'stop the container before removing';
      throw new DhowError(
        'Conflict',
        `cannot remove container "${nameOrId}": container is ${status}: ${remedy} or force remove`,
      );
    }
    await killAndWait(context, record);
  }
  using _lock = await context.locks.acquire(record.id);
  // `--rm` may have been quicker.
  if (!context.table.get(record.id)) return;
  if (isLive(record)) {
    throw new DhowError('Conflict', `container "${nameOrId}" was started again while it was being removed`);
  }
  await removeLocked(context, record, { volumes: options.volumes });
  await context.database.durable();
}

/**
 * Removes a container that does not run. The row goes last but one: as long as it exists, a new daemon finds the rest.
 * The files are moved aside by one rename and deleted in the background, so that a big writable layer keeps nobody waiting.
 */
export async function removeLocked(
  context: ContainerContext,
  record: ContainerRecord,
  options: { volumes: boolean },
): Promise<void> {
  const { exitCode } = record.state;
  await takeDown(context, record);
  record.state = { status: 'removing', error: '', exitCode };
  await context.trash.discard(pathsOf(context.containersDirectory, record.id).directory);
  context.database.transaction(() => {
    context.layerUses.release(record.id);
    context.table.remove(record.id);
  });
  if (options.volumes) await removeAnonymousVolumes(context, record);
  context.restarts.cancel(record.id);
  context.hub.abandon(record.id);
  context.execs.removeOf(record.id);
  emitContainerEvent(context, record, 'destroy');
  context.waiters.wake(record.id, 'exit', { exitCode });
  context.waiters.wake(record.id, 'removed', { exitCode });
}

async function removeAnonymousVolumes(context: ContainerContext, record: ContainerRecord): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type !== 'volume' || !context.volumes.find(mount.name)?.anonymous) continue;
    try {
      await context.volumes.remove(mount.name, volumeUsers(context, mount.name));
    } catch (error) {
      // Another container mounts it too: it goes with the last one.
      if (kindOf(error) !== 'Conflict') throw error;
      context.log.debug('volume kept', { volume: mount.name, error: messageOf(error) });
    }
  }
}

/** Names of the containers that refer to a volume. */
export function volumeUsers(context: Pick<ContainerContext, 'table'>, volume: string): string[] {
  return context.table
    .list()
    .filter((record) => record.mounts.some((mount) => mount.type === 'volume' && mount.name === volume))
    .map((record) => record.name);
}

/** Removes all that are neither running nor paused nor waiting for a restart. @returns the freed bytes of their layers */
export async function pruneContainers(
  context: ContainerContext,
  sizeOf: (id: string) => Promise<number>,
): Promise<{ removed: string[]; freedBytes: number }> {
  const removed: string[] = [];
  let freedBytes = 0;
  for (const record of context.table.list()) {
    if (isLive(record) || record.state.status === 'restarting') continue;
    try {
      const bytes = await sizeOf(record.id);
      await removeContainer(context, record.id, { force: false, volumes: false });
      removed.push(record.id);
      freedBytes += bytes;
    } catch (error) {
      // Started or removed by somebody else meanwhile.
      if (kindOf(error) !== 'Conflict' && kindOf(error) !== 'NotFound') throw error;
    }
  }
  return { removed, freedBytes };
}
