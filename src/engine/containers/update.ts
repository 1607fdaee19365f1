import type { RestartPolicy } from '#engine/container-settings.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { findContainer, isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { DhowError } from '#errors/error.ts';
import type { ResourceSettings } from '#runtime/spec.ts';

/** See `ContainerService.update`: limits of a running container change at once, those of another at its next start. */
export async function updateContainer(
  context: ContainerContext,
  nameOrId: string,
  change: { resources: Partial<ResourceSettings>; restartPolicy?: RestartPolicy },
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  const { host } = record.settings;
  if (change.restartPolicy && host.autoRemove && change.restartPolicy.name !== 'no') {
    throw new DhowError(
      'InvalidParameter',
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
    );
  }
  const resources = { ...host.resources, ...change.resources };
  if (isLive(record) && Object.keys(change.resources).length > 0) {
    await context.runtime.update(record.id, resources);
  }
  record.settings = {
    ...record.settings,
    host: { ...host, resources, ...(change.restartPolicy ? { restartPolicy: change.restartPolicy } : {}) },
  };
  context.table.saveDefinition(record);
  await context.database.durable();
  emitContainerEvent(context, record, 'update');
}
