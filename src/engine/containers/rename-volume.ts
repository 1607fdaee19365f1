import type { ContainerSettings } from '#engine/container-settings.ts';
import { volumeUsers } from '#engine/containers/container-volumes.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError } from '#errors/error.ts';

/**
 * Gives a volume another name, in the containers that refer to it too. Their locks are taken in the order of their ids, as nobody
 * else holds more than one: none of them is being made or started meanwhile.
 * @throws as `VolumeStore.rename` does; Conflict when another container came to refer to it
 */
export async function renameVolume(context: ContainerContext, name: string, newName: string): Promise<void> {
  using locks = new DisposableStack();
  const users = volumeUsers(context, name).sort();
  for (const id of users) locks.use(await context.locks.acquire(id));
  const before: Pick<ContainerRecord, 'id' | 'settings' | 'mounts'>[] = [];
  try {
    await context.volumes.rename(name, newName, () => {
      for (const id of volumeUsers(context, name)) {
        const record = context.table.get(id);
        if (!record) continue;
        if (!users.includes(id)) {
          throw new DhowError(
            'Conflict',
            `the volume ${name} has just come to be used by a container: try again`,
          );
        }
        before.push({ id, settings: record.settings, mounts: record.mounts });
        record.settings = renamedSettings(record.settings, name, newName);
        record.mounts = renamedMounts(record.mounts, name, newName);
        context.table.saveDefinition(record);
      }
    });
  } catch (error) {
    // The rows were rolled back; what is in memory is not by itself.
    for (const { id, settings, mounts } of before) {
      const record = context.table.get(id);
      if (record) Object.assign(record, { settings, mounts });
    }
    throw error;
  }
}

function renamedSettings(settings: ContainerSettings, name: string, newName: string): ContainerSettings {
  const { binds, mounts } = settings.host;
  return {
    ...settings,
    host: {
      ...settings.host,
      binds: binds.map((text) => (text.startsWith(`${name}:`) ? newName + text.slice(name.length) : text)),
      mounts: renamedMounts(mounts, name, newName),
    },
  };
}

function renamedMounts<Mount extends { type: string; name?: string }>(
  mounts: readonly Mount[],
  name: string,
  newName: string,
): Mount[] {
  return mounts.map((mount) =>
    mount.type === 'volume' && mount.name === name ? { ...mount, name: newName } : mount,
  );
}
