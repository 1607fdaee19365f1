import { findContainer, isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { removeLocked } from '#engine/containers/remove-locked.ts';
import { killAndWait } from '#engine/containers/stop.ts';
import { DhowError, kindOf } from '#errors/error.ts';

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
