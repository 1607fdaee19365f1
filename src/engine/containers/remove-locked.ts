import { emitContainerEvent } from '#engine/containers/container-events.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { takeDown } from '#engine/containers/take-down.ts';
import { kindOf, messageOf } from '#errors/error.ts';

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
  // On disk before its files go: a daemon that is killed in between leaves a removal to be finished, not a hollow container.
  record.state = { status: 'removing', error: '', exitCode };
  context.table.saveStatus(record);
  await context.trash.discard(pathsOf(context.containersDirectory, record.id).directory);
  context.database.transaction(() => {
    context.layerUses.release(record.id);
    context.table.remove(record.id);
  });
  if (options.volumes) await removeAnonymousVolumes(context, record);
  context.restarts.cancel(record.id);
  context.hub.abandon(record.id);
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

/** Ids of the containers that refer to a volume. */
export function volumeUsers(context: Pick<ContainerContext, 'table'>, volume: string): string[] {
  return context.table
    .list()
    .filter((record) => record.mounts.some((mount) => mount.type === 'volume' && mount.name === volume))
    .map((record) => record.id);
}
