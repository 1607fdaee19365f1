import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { firstFree, subnetsOfHost } from '#network/addresses/choose-free-subnet.ts';
import { choosePools } from '#network/catalog/choose-pools.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import { removeLinkOf } from '#network/catalog/remove-network.ts';
import { applyTemplate, templateOf } from '#network/catalog/templates.ts';
import { switchForwardingOn } from '#network/endpoints/restore.ts';
import { ensureBridge } from '#network/kernel/bridge.ts';
import { ensureParent, parentNameOf } from '#network/kernel/parent.ts';
import type { NetworkRequest } from '#network/network.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import { parseIpvlanOptions } from '#network/options/ipvlan-options.ts';
import { parseMacvlanOptions } from '#network/options/macvlan-options.ts';
import { mtuOption, parseMtu, wrongOption } from '#network/options/option-values.ts';
import {
  type BridgeNetwork,
  isBridgeNetwork,
  isSharingNetwork,
  type NetworkRow,
} from '#network/tables/networks.ts';
import { findLink, type Link, maximumInterfaceNameLength } from '#sys/netlink-link.ts';

/** Docker's rule for names. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const maximumNameLength = 255;
/** RFC 8200, 5. */
const minimumMtu6 = 1280;

/** How often to give way to others who take the same free subnet at the same time. */
const maximumAttempts = 10;
const maximumPauseMs = 50;

interface CreatedNetwork {
  row: NetworkRow;
  warnings: string[];
}

/** See `NetworkCatalog.create`. */
export async function createNetwork(parts: CatalogParts, wish: NetworkRequest): Promise<CreatedNetwork> {
  checkName(wish.name);
  for (let attempt = 1; attempt <= maximumAttempts; attempt++) {
    const created = await tryToCreate(parts, wish);
    if (created) return created;
    await delay(Math.random() * maximumPauseMs);
  }
  throw new DhowError(
    'ResourceExhausted',
    'each free subnet was taken by another program at the same time; try again, or use --subnet',
  );
}

/**
 * The row comes first, so that a crash leaves something that `restore` finds.
 * @returns undefined when the subnet that it chose was not free any more
 */
async function tryToCreate(parts: CatalogParts, wish: NetworkRequest): Promise<CreatedNetwork | undefined> {
  await using undo = new AsyncDisposableStack();
  const { row, warnings } = parts.database.transaction(() => {
    if (parts.networks.byName(wish.name)) {
      throw new DhowError('Conflict', `network with name ${wish.name} already exists`);
    }
    const request = applyTemplate(parts.networks, wish);
    const { name, internal, attachable, options, labels } = request;
    const id = randomBytes(32).toString('hex');
    const { warnings: ofPools, ...shape } = shapeOf(parts, request, id);
    const created: NetworkRow = {
      ...{ id, name, internal, attachable, options, labels, ...shape },
      createdAt: parts.clock().getTime(),
      madeFrom: request.madeFrom || undefined,
    };
    parts.networks.insert(created);
    return { row: created, warnings: ofPools };
  });
  undo.defer(quietly('forget network', () => parts.networks.remove(row.id)));
  undo.defer(quietly('delete link', () => removeLinkOf(parts, row)));
  if (isBridgeNetwork(row)) {
    const bridge = ensureBridge(parts.host, parts.table, row);
    if (isOvertaken(parts, row, bridge)) return undefined;
    await openBridge(parts, row);
  }
  if (isSharingNetwork(row)) ensureParent(parts.host, parts.table, row);
  undo.move();
  return { row, warnings };
}

/** What a template has not, and a network has. */
function shapeOf(
  parts: CatalogParts,
  request: NetworkRequest,
  id: string,
): Pick<NetworkRow, 'driver' | 'interfaceName' | 'pools' | 'template'> & { warnings: string[] } {
  if (request.isTemplate) {
    const template = templateOf(request);
    return { driver: 'none', interfaceName: undefined, pools: {}, template, warnings: [] };
  }
  const interfaceName = chooseInterface(parts, request, id);
  const chosen = choosePools(parts, request, request.ipv6 ?? parts.ipv6);
  const mtu = parseMtu(request.options);
  if (chosen.pools[6] && mtu !== undefined && mtu < minimumMtu6) {
    throw wrongOption(mtuOption, String(mtu), `at least ${minimumMtu6} in a network with IPv6`);
  }
  return { driver: request.driver, interfaceName, template: undefined, ...chosen };
}

/** Whether another program has got a route to the subnet that was free a moment ago. That one may see ours, too. */
function isOvertaken({ host }: CatalogParts, { pools }: BridgeNetwork, bridge: Link): boolean {
  const chosen = Object.values(pools).filter(({ automatic }) => automatic);
  const others = subnetsOfHost(host, bridge.index);
  return chosen.some(({ subnet }) => firstFree([subnet], others) === undefined);
}

async function openBridge(parts: CatalogParts, row: BridgeNetwork): Promise<void> {
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
  const { driver, options } = request;
  if (driver === 'bridge') {
    const { name = `br-${id.slice(0, 12)}` } = parseBridgeOptions(options);
    if (findLink(parts.host, name) === undefined) return name;
    throw new DhowError('Conflict', `the host has an interface ${name} already; choose another bridge name`);
  }
  if (driver === 'macvlan') parseMacvlanOptions(options);
  else parseIpvlanOptions(options);
  const name = parentNameOf({ driver, id, options });
  if (name !== 'lo' && name.length <= maximumInterfaceNameLength) return name;
  throw new DhowError(
    'InvalidParameter',
    `${name.slice(0, 60)} cannot be shared: it is no interface of a network`,
  );
}
