import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';

/** Announces something of a container, with the attributes that Docker gives: labels, image, name. */
export function emitContainerEvent(
  context: Pick<ContainerContext, 'events'>,
  record: ContainerRecord,
  action: string,
  attributes: Record<string, string> = {},
): void {
  context.events.emit({
    type: 'container',
    action,
    id: record.id,
    attributes: {
      ...record.effective.labels,
      image: record.settings.image,
      name: record.name,
      ...attributes,
    },
  });
}
