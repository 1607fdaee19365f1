import type { RestartPolicy } from '#engine/container-settings.ts';
import { changePorts, type PortsChange } from '#engine/containers/change-ports.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { fitLimits } from '#engine/containers/fit-limits.ts';
import { findContainer, isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { DhowError } from '#errors/error.ts';
import type { ResourceSettings } from '#runtime/spec.ts';
import { readCgroupFeatures } from '#sys/cgroup-features.ts';

/** See `ContainerService.update`: limits and ports of a running container change at once, those of another at its next start. */
export async function updateContainer(
  context: ContainerContext,
  nameOrId: string,
  change: { resources: Partial<ResourceSettings>; restartPolicy?: RestartPolicy; ports?: PortsChange },
): Promise<{ warnings: string[] }> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  const { host } = record.settings;
  if (change.restartPolicy && host.autoRemove && change.restartPolicy.name !== 'no') {
    throw new DhowError(
      'InvalidParameter',
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
    );
  }
  const { limits, warnings } = fitLimits(change.resources, () => readCgroupFeatures(context.cgroups));
  refuseMoreThanSwap(host.resources, limits);
  const ports = change.ports ? await changePorts(context, record, change.ports) : {};
  const resources = { ...host.resources, ...limits };
  if (isLive(record) && Object.keys(limits).length > 0) {
    await context.runtime.update(record.id, resources);
  }
  record.settings = {
    ...record.settings,
    host: {
      ...host,
      resources,
      ...ports,
      ...(change.restartPolicy ? { restartPolicy: change.restartPolicy } : {}),
    },
  };
  context.table.saveDefinition(record);
  await context.database.durable();
  emitContainerEvent(context, record, 'update');
  return { warnings };
}

/** @throws Conflict in Docker's words */
function refuseMoreThanSwap(current: ResourceSettings, change: Partial<ResourceSettings>): void {
  const { memorySwapBytes: swap = -1 } = current;
  const { memoryBytes: memory = 0, memorySwapBytes: newSwap } = change;
  if (newSwap !== undefined || swap === -1 || memory <= swap) return;
  throw new DhowError(
    'Conflict',
    'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
  );
}
