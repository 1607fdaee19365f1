import { randomBytes } from 'node:crypto';
import type { ContainerSettings, MountSettings } from '#engine/container-settings.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { EffectiveProcess } from '#engine/containers.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';

/**
 * The settings' mounts, and an anonymous volume for each volume path of the image without one; every volume has its name, and none is
 * made yet.
 */
export function nameVolumes(settings: ContainerSettings, effective: EffectiveProcess): MountSettings[] {
  const { host } = settings;
  const covered = new Set([...host.mounts.map((mount) => mount.target), ...Object.keys(host.tmpfs)]);
  const ofImage = effective.volumePaths
    .filter((target) => !covered.has(target))
    .map((target): MountSettings => ({ type: 'volume', name: '', target, readonly: false, copyUp: true }));
  return [...host.mounts, ...ofImage].map((mount) =>
    mount.type === 'volume' && mount.name === ''
      ? { ...mount, name: randomBytes(32).toString('hex') }
      : mount,
  );
}

/**
 * Makes the volumes of a container that do not exist. Its row is on disk before them: a daemon that is killed meanwhile leaves volumes
 * that somebody owns, and the next start makes the rest. Each that was made is put on `undo`.
 */
export async function makeVolumes(
  context: ContainerContext,
  record: ContainerRecord,
  undo?: AsyncDisposableStack,
): Promise<void> {
  for (const [index, mount] of record.mounts.entries()) {
    if (mount.type !== 'volume' || context.volumes.find(mount.name)) continue;
    const asked = record.settings.host.mounts[index];
    const anonymous = asked?.type !== 'volume' || asked.name === '';
    await context.volumes.create({ name: mount.name, anonymous });
    undo?.defer(quietly(`remove volume ${mount.name}`, () => context.volumes.remove(mount.name, [])));
    context.events.emit({
      type: 'volume',
      action: 'create',
      id: mount.name,
      attributes: { driver: 'local' },
    });
  }
}

/** Removes the anonymous volumes of a container that is being removed; what another one mounts too goes with the last of them. */
export async function removeAnonymousVolumes(
  context: ContainerContext,
  record: ContainerRecord,
): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type !== 'volume' || !context.volumes.find(mount.name)?.anonymous) continue;
    try {
      await context.volumes.remove(
        mount.name,
        volumeUsers(context, mount.name).filter((id) => id !== record.id),
      );
    } catch (error) {
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
