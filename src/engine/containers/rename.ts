import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { refuseTakenName } from '#engine/containers/create.ts';
import { findContainer } from '#engine/containers/lookup.ts';
import { parseContainerName } from '#engine/containers/names.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { DhowError } from '#errors/error.ts';

export async function renameContainer(
  context: ContainerContext,
  nameOrId: string,
  newName: string,
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  const name = parseContainerName(newName);
  if (name === record.name) {
    throw new DhowError('InvalidParameter', 'Renaming a container with the same name as its current name');
  }
  refuseTakenName(context, name);
  const oldName = record.name;
  record.name = name;
  context.table.saveDefinition(record);
  context.networks.rename(record.id, name);
  await context.database.durable();
  emitContainerEvent(context, record, 'rename', { oldName: `/${oldName}` });
}
