import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';

/**
 * Makes the volumes of a container that do not exist. Its row is on disk before them: a daemon that is killed meanwhile leaves volumes
 * that somebody owns, and the next start makes the rest. Each that was made is put on `undo`.
 */
export async function makeVolumes(
  context: ContainerContext,
  record: ContainerRecord,
  undo?: AsyncDisposableStack,
): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type !== 'volume') continue;
    const known = context.volumes.find(mount.name) !== undefined;
    // A volume that exists is asked for its options too, which may be others.
    if (known && mount.options === undefined) continue;
    await context.volumes.create({
      name: mount.name,
      anonymous: mount.anonymous ?? false,
      ...(mount.labels === undefined ? {} : { labels: mount.labels }),
      ...(mount.options === undefined ? {} : { options: mount.options }),
    });
    if (known) continue;
    undo?.defer(
      quietly(`remove volume ${mount.name}`, () =>
        context.volumes.remove(mount.name, () => volumeUsers(context, mount.name, record.id)),
      ),
    );
    emitVolumeEvent(context, 'create', mount.name);
  }
}

/** Volumes are announced by whoever changes them. */
export function emitVolumeEvent(
  context: Pick<ContainerContext, 'events'>,
  action: string,
  volume: string,
  attributes: Record<string, string> = {},
): void {
  context.events.emit({ type: 'volume', action, id: volume, attributes: { driver: 'local', ...attributes } });
}

/** Removes the anonymous volumes of a container that is being removed; what another one mounts too goes with the last of them. */
export async function removeAnonymousVolumes(
  context: ContainerContext,
  record: ContainerRecord,
): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type !== 'volume' || !context.volumes.find(mount.name)?.anonymous) continue;
    try {
      await context.volumes.remove(mount.name, () => volumeUsers(context, mount.name, record.id));
    } catch (error) {
      if (kindOf(error) !== 'Conflict') throw error;
      context.log.debug('volume kept', { volume: mount.name, error: messageOf(error) });
    }
  }
}

/** Ids of the containers that refer to a volume. */
export function volumeUsers(
  context: Pick<ContainerContext, 'table'>,
  volume: string,
  besides?: string,
): string[] {
  return context.table
    .list()
    .filter(
      ({ id, mounts }) =>
        id !== besides && mounts.some((mount) => mount.type === 'volume' && mount.name === volume),
    )
    .map(({ id }) => id);
}

/** Names of the containers that run and may write to a volume. */
export function volumeWriters(context: Pick<ContainerContext, 'table'>, volume: string): string[] {
  return context.table
    .list()
    .filter(
      (record) =>
        isLive(record) &&
        record.mounts.some((mount) => mount.type === 'volume' && mount.name === volume && !mount.readonly),
    )
    .map(({ name }) => name);
}
