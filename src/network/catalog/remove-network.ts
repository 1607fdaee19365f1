import { DhowError } from '#errors/error.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import { refuseTemplateInUse } from '#network/catalog/templates.ts';
import { deleteInterface } from '#network/endpoints/detach.ts';
import { ownAlias } from '#network/kernel/own-alias.ts';
import { isBridgeNetwork, isSharingNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-link.ts';

/** See `NetworkCatalog.remove`. Once the row is gone nobody attaches; a link that a crash leaves is found by `restore`. */
export async function removeNetwork(parts: CatalogParts, row: NetworkRow): Promise<void> {
  if (isPredefined(row)) {
    throw new DhowError('Forbidden', `${row.name} is a pre-defined network and cannot be removed`);
  }
  const intact = parts.database.transaction(() => {
    refuseInUse(parts, row);
    refuseTemplateInUse(parts.networks, row);
    parts.networks.remove(row.id);
    return !isBridgeNetwork(row) || parts.firewall.changeNetwork('delete', row);
  });
  if (!intact) await parts.firewall.rebuild();
  if (isBridgeNetwork(row)) await parts.passage.close([row.interfaceName]);
  await removeLinkOf(parts, row);
}

/** Removes the network's bridge, or the parent that was made for it and that no other network shares. */
export async function removeLinkOf(parts: CatalogParts, row: NetworkRow): Promise<void> {
  if (isBridgeNetwork(row)) await deleteInterface(row.interfaceName);
  if (!isSharingNetwork(row)) return;
  const { interfaceName } = row;
  const isOurs = findLink(parts.host, interfaceName)?.alias === ownAlias(parts.table);
  const isShared = parts.networks
    .list()
    .some((other) => other.interfaceName === interfaceName && other.id !== row.id);
  if (isOurs && !isShared) await deleteInterface(interfaceName);
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
