import type { EndpointParts } from '#network/endpoints/parts.ts';
import { namesOf } from '#network/endpoints/view.ts';

/** A running container has another name; others find it by that from now on. */
export function renameContainer(parts: EndpointParts, containerId: string, name: string): void {
  parts.database.transaction(() => {
    parts.endpoints.renameContainer(containerId, name);
    const container = parts.endpoints.container(containerId);
    for (const row of parts.endpoints.ofContainer(containerId)) {
      const network = parts.networks.byId(row.networkId);
      if (container && network) parts.names.set(row, namesOf(row, network, container));
    }
  });
}
