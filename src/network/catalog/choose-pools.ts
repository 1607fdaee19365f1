import { randomBytes } from 'node:crypto';
import { DhowError } from '#errors/error.ts';
import { firstFree, subnetsOfHost } from '#network/addresses/choose-free-subnet.ts';
import {
  type Family,
  formatIp,
  formatSubnet,
  ipOfBytes,
  overlap,
  parseIp,
  type Subnet,
} from '#network/addresses/ip.ts';
import { type SubnetSource, subnetsOf } from '#network/addresses/pools.ts';
import { automaticPool, parsePool, withGateway } from '#network/catalog/parse-pool.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import { ownAlias } from '#network/kernel/own-alias.ts';
import type { NetworkRequest } from '#network/network.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import type { NetworkRow, NetworkTable, Pool } from '#network/tables/networks.ts';
import { listLinks } from '#sys/netlink-link.ts';
import { listAddresses } from '#sys/netlink-route.ts';

/**
 * The pools of a new network: the subnets asked for, else free ones.
 * @returns warnings for a subnet that the host has a route to already
 * @throws InvalidParameter naming the address; Forbidden for a subnet of another network; Conflict for an address of the host;
 * ResourceExhausted
 */
export function choosePools(
  parts: CatalogParts,
  request: Pick<NetworkRequest, 'ipv4' | 'pools' | 'driver' | 'internal' | 'options'>,
  ipv6: boolean,
): { pools: NetworkRow['pools']; warnings: string[] } {
  const wanted = request.pools.map(parsePool);
  const pools: NetworkRow['pools'] = {};
  const warnings: string[] = [];
  const families = new Set<Family>(wanted.flatMap(({ pool }) => pool?.subnet.family ?? []));
  if (ipv6) families.add(6);
  if (request.ipv4) families.add(4);
  else if (families.has(4)) {
    throw new DhowError('InvalidParameter', 'an IPv4 subnet is given for a network without IPv4');
  }
  if (families.has(6) && !ipv6) {
    throw new DhowError('InvalidParameter', 'an IPv6 subnet is given for a network without IPv6: add --ipv6');
  }
  if (families.size === 0) {
    throw new DhowError('InvalidParameter', 'IPv4 or IPv6 must be enabled');
  }
  const isolated = isolatedFamilies(request);
  const others = parts.networks.list().flatMap((row) => Object.values(row.pools).map(({ subnet }) => subnet));
  for (const family of families) {
    const own = wanted.filter(({ pool }) => (pool?.subnet.family ?? 4) === family);
    if (own.length > 1) {
      throw new DhowError('Unsupported', `a network can have one IPv${family} subnet, not ${own.length}`);
    }
    const [wish] = own;
    if (wish?.pool) {
      refuseOverlap(wish.pool.subnet, others);
      const pool = isolated.includes(family) ? wish.pool : withGateway(wish.pool, wish.gateway);
      // A network of the host is what macvlan shares.
      if (request.driver === 'bridge') warnings.push(...checkBesideHost(parts, pool));
      pools[family] = pool;
    } else {
      const pool = automaticPool(findFreeSubnet(parts, family, others));
      pools[family] = isolated.includes(family) ? pool : withGateway(pool, undefined);
    }
  }
  return { pools, warnings };
}

/** @throws InvalidParameter where the host would be missed */
function isolatedFamilies(
  request: Pick<NetworkRequest, 'driver' | 'internal' | 'options' | 'pools'>,
): readonly Family[] {
  if (request.driver !== 'bridge') return [];
  const { isolated } = parseBridgeOptions(request.options);
  if (isolated.length > 0 && !request.internal) {
    throw new DhowError(
      'InvalidParameter',
      "gateway mode 'isolated' can only be used for an internal network: add --internal",
    );
  }
  const given = request.pools.map(({ gateway = '' }) => parseIp(gateway));
  const wrong = given.find((gateway) => gateway !== undefined && isolated.includes(gateway.family));
  if (wrong === undefined) return isolated;
  throw new DhowError(
    'InvalidParameter',
    `an isolated network has no gateway, but ${formatIp(wrong)} is given`,
  );
}

/** @returns warnings. @throws Conflict when the gateway is another interface's address: the host would be cut off from that one's network */
function checkBesideHost({ host, table }: CatalogParts, { subnet, gateway }: Pool): string[] {
  const links = listLinks(host);
  const holder = listAddresses(host)
    .filter(({ address }) => {
      const { family, value } = ipOfBytes(address);
      return family === subnet.family && value === gateway;
    })
    .map(({ interfaceIndex }) => links.find(({ index }) => index === interfaceIndex))
    // One of a network that is being removed goes by itself.
    .find((link) => link?.alias !== ownAlias(table));
  if (holder) {
    throw new DhowError(
      'Conflict',
      `the gateway of ${formatSubnet(subnet)} would be an address that the host has on ${holder.name}; ` +
        'choose another subnet or gateway',
    );
  }
  const routed = subnetsOfHost(host).find((other) => other.prefixLength >= 2 && overlap(other, subnet));
  if (routed === undefined) return [];
  return [
    `the host has a route to ${formatSubnet(routed)}, which overlaps the subnet ${formatSubnet(subnet)}: ` +
      'one of the two will not be reached',
  ];
}

/** @throws ResourceExhausted */
export function findFreeSubnet(
  parts: Pick<CatalogParts, 'host' | 'networks' | 'subnetSources'>,
  family: Family,
  others: readonly Subnet[],
): Subnet {
  const sources =
    family === 4
      ? parts.subnetSources.filter(({ base }) => base.family === 4)
      : [...parts.subnetSources.filter(({ base }) => base.family === 6), localSource(parts.networks)];
  const subnet = firstFree(subnetsOf(sources), [...others, ...subnetsOfHost(parts.host)]);
  if (subnet) return subnet;
  throw new DhowError(
    'ResourceExhausted',
    `cannot find a free IPv${family} subnet: all predefined ones overlap networks or routes of this host; use --subnet`,
  );
}

/** Unique local addresses (RFC 4193): 40 random bits make the prefix of this installation, 16 more count its networks. */
function localSource(networks: NetworkTable): SubnetSource {
  const key = 'unique_local_prefix';
  let text = networks.getState(key);
  if (text === undefined) {
    text = randomBytes(5).toString('hex');
    networks.setState(key, text);
  }
  const base = ipOfBytes(Buffer.from(`fd${text}`.padEnd(32, '0'), 'hex'));
  return { base: { ...base, prefixLength: 48 }, prefixLength: 64 };
}

function refuseOverlap(subnet: Subnet, others: readonly Subnet[]): void {
  if (!others.some((other) => overlap(other, subnet))) return;
  throw new DhowError(
    'Forbidden',
    'invalid pool request: Pool overlaps with other one on this address space',
  );
}
