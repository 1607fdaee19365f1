import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { removeAnonymousVolumes } from '#engine/containers/container-volumes.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { takeDown } from '#engine/containers/take-down.ts';
import { forgetDirectoryLimit } from '#sys/directory-limit.ts';

/**
 * Removes a container that does not run. The row goes last: as long as it exists, a new daemon finds the rest.
 * With `isDown` the caller, still holding the lock, has taken it down already.
 * The files are moved aside by one rename and deleted in the background, so that a big writable layer keeps nobody waiting.
 */
export async function removeLocked(
  context: ContainerContext,
  record: ContainerRecord,
  options: { volumes: boolean; isDown?: boolean },
): Promise<void> {
  const { exitCode } = record.state;
  const volumes = options.volumes || (record.state.status === 'removing' && record.state.volumes);
  if (!options.isDown) await takeDown(context, record);
  await context.logForwarders.finish(record);
  // On disk before its files go: a daemon that is killed in between leaves a removal to be finished, not a hollow container.
  const removing = { status: 'removing' as const, error: '', exitCode, volumes };
  context.table.saveStatus({ ...record, state: removing });
  record.state = removing;
  const paths = pathsOf(context.containersDirectory, record.id);
  if (record.settings.host.storageOptions['size'] !== undefined) {
    forgetDirectoryLimit(writableDirectory(paths, record.settings));
  }
  await context.trash.discard(paths.directory);
  if (volumes) await removeAnonymousVolumes(context, record);
  removeRow(context, record.id);
  context.restarts.cancel(record.id);
  context.health.forget(record.id);
  context.hub.abandon(record.id);
  emitContainerEvent(context, record, 'destroy');
  context.waiters.wake(record.id, 'exit', { exitCode });
  context.waiters.wake(record.id, 'removed', { exitCode });
}

/** Forgets a container of which nothing else is left. */
export function removeRow(context: ContainerContext, id: string): void {
  context.table.remove(id, () => context.layerUses.release(id));
}
