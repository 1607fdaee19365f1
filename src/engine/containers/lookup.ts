import type { ContainerRecord, ContainerTable } from '#engine/containers/table.ts';
import { DhowError } from '#errors/error.ts';

/**
 * A container by full id, name (with or without slash) or unique id prefix, in this order, as Docker does.
 * @throws NotFound; InvalidParameter for an ambiguous prefix
 */
export function findContainer(table: ContainerTable, nameOrId: string): ContainerRecord {
  const name = nameOrId.startsWith('/') ? nameOrId.slice(1) : nameOrId;
  const exact = table.get(name) ?? table.findByName(name);
  if (exact) return exact;
  if (/^[0-9a-f]{1,64}$/.test(name)) {
    const [first, second] = table.findByIdPrefix(name);
    if (second) {
      throw new DhowError(
        'InvalidParameter',
        `multiple containers have an id that begins with "${name}": give more of it`,
      );
    }
    if (first) return first;
  }
  throw new DhowError('NotFound', `No such container: ${nameOrId.slice(0, 300)}`, {
    reason: 'container-not-found',
  });
}

/** @throws Conflict (reason `not-running`) in Docker's words */
export function requireRunning(record: ContainerRecord): number {
  if (record.state.status === 'running' || record.state.status === 'paused') return record.state.pid;
  const message =
    record.state.status === 'restarting'
      ? `Container ${record.id} is restarting, wait until the container is running`
      : `container ${record.id} is not running`;
  throw new DhowError('Conflict', message, { reason: 'not-running' });
}

export function isLive(record: ContainerRecord): boolean {
  return record.state.status === 'running' || record.state.status === 'paused';
}
