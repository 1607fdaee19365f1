import { DhowError } from '#errors/error.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import { deleteInterface } from '#network/endpoints/detach.ts';
import { isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';

/** See `NetworkCatalog.remove`. Once the row is gone nobody attaches; a bridge that a crash leaves is found by `restore`. */
export async function removeNetwork(parts: CatalogParts, row: NetworkRow): Promise<void> {
  if (isPredefined(row)) {
    throw new DhowError('Forbidden', `${row.name} is a pre-defined network and cannot be removed`);
  }
  const intact = parts.database.transaction(() => {
    refuseInUse(parts, row);
    parts.networks.remove(row.id);
    return !isBridgeNetwork(row) || parts.firewall.changeNetwork('delete', row);
  });
  if (!isBridgeNetwork(row)) return;
  if (!intact) await parts.firewall.rebuild();
  await parts.passage.close([row.interfaceName]);
  await deleteInterface(row.interfaceName);
}

function isPredefined(row: Pick<NetworkRow, 'name'>): boolean {
  return ['bridge', 'host', 'none'].includes(row.name);
}

function refuseInUse(parts: CatalogParts, row: NetworkRow): void {
  const members = parts.endpoints.ofNetwork(row.id);
  if (members.length === 0) return;
  const names = members.map(({ containerId }) => {
    const container = parts.endpoints.container(containerId);
    return `name:"${container?.name}" id:"${containerId.slice(0, 12)}"`;
  });
  throw new DhowError(
    'Forbidden',
    `error while removing network: network ${row.name} id ${row.id} has active endpoints (${names.join(', ')})`,
  );
}
