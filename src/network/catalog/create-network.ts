import { randomBytes } from 'node:crypto';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { choosePools } from '#network/catalog/choose-pools.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import { deleteInterface } from '#network/endpoints/detach.ts';
import { switchForwardingOn } from '#network/endpoints/restore.ts';
import { ensureBridge } from '#network/kernel/bridge.ts';
import type { NetworkRequest } from '#network/network.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import { parseMacvlanOptions } from '#network/options/macvlan-options.ts';
import { type BridgeNetwork, isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-link.ts';

/** Docker's rule for names. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const maximumNameLength = 255;

/** See `NetworkCatalog.create`. The row comes first, so that a crash leaves something that `restore` finds. */
export async function createNetwork(
  parts: CatalogParts,
  request: NetworkRequest,
): Promise<{ row: NetworkRow; warnings: string[] }> {
  checkName(request.name);
  await using undo = new AsyncDisposableStack();
  const { row, warnings } = parts.database.transaction(() => {
    if (parts.networks.byName(request.name)) {
      throw new DhowError('Conflict', `network with name ${request.name} already exists`);
    }
    const id = randomBytes(32).toString('hex');
    const interfaceName = chooseInterface(parts, request, id);
    const ipv6 = request.ipv6 ?? parts.ipv6;
    const chosen = choosePools(parts, request, ipv6);
    const created: NetworkRow = {
      id,
      name: request.name,
      driver: request.driver,
      createdAt: parts.clock().getTime(),
      interfaceName,
      internal: request.internal,
      attachable: request.attachable,
      options: request.options,
      labels: request.labels,
      pools: chosen.pools,
    };
    parts.networks.insert(created);
    return { row: created, warnings: chosen.warnings };
  });
  undo.defer(quietly('forget network', () => parts.networks.remove(row.id)));
  if (isBridgeNetwork(row)) await raiseBridge(parts, row, undo);
  undo.move();
  return { row, warnings };
}

async function raiseBridge(
  parts: CatalogParts,
  row: BridgeNetwork,
  undo: AsyncDisposableStack,
): Promise<void> {
  undo.defer(quietly('delete bridge', () => deleteInterface(row.interfaceName)));
  ensureBridge(parts.host, parts.table, row);
  const { changed } = switchForwardingOn(parts);
  if (changed || !parts.firewall.changeNetwork('add', row)) await parts.firewall.rebuild();
}

function checkName(name: string): void {
  if (['bridge', 'host', 'none', 'default', 'container'].includes(name)) {
    throw new DhowError('Forbidden', `operation is not permitted on predefined ${name} network `);
  }
  if (namePattern.test(name) && name.length <= maximumNameLength) return;
  throw new DhowError(
    'InvalidParameter',
    `invalid network name: ${name.slice(0, 60)}: only "[a-zA-Z0-9][a-zA-Z0-9_.-]*" are allowed`,
  );
}

function chooseInterface(parts: CatalogParts, request: NetworkRequest, id: string): string {
  if (request.driver === 'macvlan') {
    const { parent } = parseMacvlanOptions(request.options);
    if (findLink(parts.host, parent)) return parent;
    throw new DhowError('InvalidParameter', `the host has no interface ${parent.slice(0, 60)} to share`);
  }
  const { name = `br-${id.slice(0, 12)}` } = parseBridgeOptions(request.options);
  if (findLink(parts.host, name) === undefined) return name;
  throw new DhowError('Conflict', `the host has an interface ${name} already; choose another bridge name`);
}
