import { randomBytes } from 'node:crypto';
import { firstFree, subnetsOfHost } from '#network/addresses/choose-free-subnet.ts';
import { formatSubnet } from '#network/addresses/ip.ts';
import { findFreeSubnet } from '#network/catalog/choose-pools.ts';
import { automaticPool, withGateway } from '#network/catalog/parse-pool.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import { defaultNetworkOptions } from '#network/options/bridge-options.ts';
import { isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-link.ts';

export interface DefaultNetwork {
  bridge: string;
  /** Whether its containers may talk to each other. */
  interContainer: boolean;
}

/**
 * Writes the rows of the predefined networks at the first start, and makes the default one what the daemon is now
 * configured to.
 * @throws ResourceExhausted when every predefined subnet overlaps a route of the host
 */
export function ensureDefaultNetworks(parts: CatalogParts, { bridge, interContainer }: DefaultNetwork): void {
  const options = defaultNetworkOptions(bridge, interContainer);
  const plain = { internal: false, attachable: false, labels: {}, template: undefined, madeFrom: undefined };
  const common = { ...plain, createdAt: parts.clock().getTime() };
  const present = parts.networks.byName('bridge');
  if (present === undefined) {
    const pools = { 4: withGateway(automaticPool(findFreeSubnet(parts, 4, [])), undefined) };
    const shape = { id: newId(), name: 'bridge', driver: 'bridge' as const, interfaceName: bridge };
    parts.networks.insert({ ...common, ...shape, options, pools });
    for (const driver of ['host', 'none'] as const) {
      const empty = { interfaceName: undefined, options: {}, pools: {} };
      parts.networks.insert({ ...common, ...empty, id: newId(), name: driver, driver });
    }
  } else if (present.interfaceName === bridge) {
    parts.networks.setOptions(present.id, options);
  }
  const network = parts.networks.byName('bridge');
  if (network) ensureIpv6(parts, network);
}

/** Live containers keep what they have: the next ones get IPv6, or none. */
function ensureIpv6(parts: CatalogParts, network: NetworkRow): void {
  const has = network.pools[6] !== undefined;
  if (parts.ipv6 && !has) {
    const others = parts.networks.list().flatMap((row) => row.pools[6]?.subnet ?? []);
    const pool = withGateway(automaticPool(findFreeSubnet(parts, 6, others)), undefined);
    parts.networks.setPool(network.id, 6, pool);
  } else if (!parts.ipv6 && has && parts.endpoints.ofNetwork(network.id).length === 0) {
    parts.networks.setPool(network.id, 6, undefined);
  }
}

/**
 * Between two runs the host may have got a route to a subnet that Dhow chose, by a VPN or by another program that came
 * first after a reboot. While the bridge does not exist and nothing is attached, the network moves out of the way.
 */
export function moveAutomaticSubnets(parts: CatalogParts): void {
  for (const network of parts.networks.list().filter(isBridgeNetwork)) {
    const pool = network.pools[4];
    if (!pool?.automatic || findLink(parts.host, network.interfaceName) !== undefined) continue;
    if (firstFree([pool.subnet], subnetsOfHost(parts.host)) !== undefined) continue;
    const from = formatSubnet(pool.subnet);
    if (parts.endpoints.ofNetwork(network.id).length > 0) {
      parts.log.warn('a route of the host overlaps the subnet of a network', {
        network: network.name,
        subnet: from,
      });
      continue;
    }
    const others = parts.networks
      .list()
      .filter((row) => row.id !== network.id)
      .flatMap((row) => row.pools[4]?.subnet ?? []);
    const subnet = findFreeSubnet(parts, 4, others);
    const moved = automaticPool(subnet);
    parts.networks.setPool(network.id, 4, pool.gateway === undefined ? moved : withGateway(moved, undefined));
    parts.log.info('a network moved out of the way of a route of the host', {
      network: network.name,
      from,
      to: formatSubnet(subnet),
    });
  }
}

function newId(): string {
  return randomBytes(32).toString('hex');
}
