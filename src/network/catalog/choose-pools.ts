import { randomBytes } from 'node:crypto';
import { DhowError } from '#errors/error.ts';
import { usableAddresses } from '#network/addresses/allocate.ts';
import { firstFree, subnetsOfHost } from '#network/addresses/choose-free-subnet.ts';
import {
  contains,
  type Family,
  firstAddress,
  formatSubnet,
  type IpAddress,
  ipOfBytes,
  overlap,
  parseIp,
  parseSubnet,
  type Subnet,
} from '#network/addresses/ip.ts';
import { type SubnetSource, subnetsOf } from '#network/addresses/pools.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import type { NetworkRequest } from '#network/network.ts';
import type { NetworkRow, NetworkTable, Pool } from '#network/tables/networks.ts';

type PoolRequest = NetworkRequest['pools'][number];

/**
 * The pools of a new network: the subnets asked for, else free ones.
 * @returns warnings for a subnet that the host has a route to already
 * @throws InvalidParameter naming the address; Forbidden for a subnet of another network; ResourceExhausted
 */
export function choosePools(
  parts: CatalogParts,
  request: Pick<NetworkRequest, 'ipv4' | 'pools' | 'driver'>,
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
  const others = parts.networks.list().flatMap((row) => Object.values(row.pools).map(({ subnet }) => subnet));
  for (const family of families) {
    const own = wanted.filter(({ pool }) => (pool?.subnet.family ?? 4) === family);
    if (own.length > 1) {
      throw new DhowError('Unsupported', `a network can have one IPv${family} subnet, not ${own.length}`);
    }
    const [wish] = own;
    if (wish?.pool) {
      refuseOverlap(wish.pool.subnet, others);
      const routed = subnetsOfHost(parts.host).find(
        (subnet) => subnet.prefixLength >= 2 && overlap(subnet, wish.pool?.subnet ?? subnet),
      );
      // A network of the host is what macvlan shares.
      if (routed && request.driver === 'bridge') {
        warnings.push(
          `the host has a route to ${formatSubnet(routed)}, which overlaps the subnet ${formatSubnet(wish.pool.subnet)}: ` +
            'one of the two will not be reached',
        );
      }
      pools[family] = withGateway(wish.pool, wish.gateway);
    } else {
      const subnet = findFreeSubnet(parts, family, others);
      pools[family] = withGateway(automaticPool(subnet), undefined);
    }
  }
  return { pools, warnings };
}

export function automaticPool(subnet: Subnet): Pool {
  return { subnet, range: undefined, gateway: undefined, auxiliary: {}, automatic: true, last: undefined };
}

/** The first address that containers could have, unless it is given. */
export function withGateway(pool: Pool, gateway: IpAddress | undefined): Pool {
  return { ...pool, gateway: gateway?.value ?? usableAddresses(pool.subnet).first };
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

/**
 * A pool as asked for; none when it names no subnet.
 * @throws InvalidParameter naming the address
 */
export function parsePool(request: PoolRequest): {
  pool: Pool | undefined;
  gateway: IpAddress | undefined;
} {
  const { subnet: subnetText } = request;
  if (!subnetText) {
    if (request.gateway || request.range || Object.keys(request.auxiliary).length > 0) {
      throw new DhowError(
        'InvalidParameter',
        'every ip-range, gateway and auxiliary address must have a corresponding subnet',
      );
    }
    return { pool: undefined, gateway: undefined };
  }
  const subnet = readSubnet(subnetText);
  const range = request.range ? readRange(request.range, subnet) : undefined;
  const inside = (text: string, what: string): IpAddress => {
    const address = parseIp(text);
    if (address && contains(subnet, address)) return address;
    throw new DhowError(
      'InvalidParameter',
      `invalid ${what} ${text.slice(0, 60)}: it is not in the subnet ${subnetText}`,
    );
  };
  const gateway = request.gateway ? inside(request.gateway, 'gateway') : undefined;
  for (const text of Object.values(request.auxiliary)) inside(text, 'auxiliary address');
  const { auxiliary } = request;
  return { pool: { ...automaticPool(subnet), range, auxiliary, automatic: false }, gateway };
}

function readSubnet(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined) {
    const [addressText = '', length = ''] = text.split('/');
    const address = parseIp(addressText);
    const masked = address && { ...address, prefixLength: Number(length) };
    const hint =
      masked && /^\d{1,3}$/.test(length) && masked.prefixLength <= (masked.family === 4 ? 32 : 128)
        ? `: it should be ${formatSubnet({ ...masked, value: firstAddress(masked) })}`
        : ': it must be an address and a prefix length, such as 10.1.0.0/24';
    throw new DhowError('InvalidParameter', `invalid subnet ${text.slice(0, 60)}${hint}`);
  }
  const bits = subnet.family === 4 ? 32 : 128;
  if (subnet.prefixLength < 2 || subnet.prefixLength > bits - 1) {
    throw new DhowError(
      'InvalidParameter',
      `invalid subnet ${text}: the prefix length must be between 2 and ${bits - 1}`,
    );
  }
  return subnet;
}

function readRange(text: string, subnet: Subnet): Subnet {
  const range = parseSubnet(text);
  if (range && overlap(range, subnet) && range.prefixLength >= subnet.prefixLength) return range;
  throw new DhowError(
    'InvalidParameter',
    `invalid ip-range ${text.slice(0, 60)}: it must be a part of the subnet ${formatSubnet(subnet)}, with zero host bits`,
  );
}

function refuseOverlap(subnet: Subnet, others: readonly Subnet[]): void {
  if (!others.some((other) => overlap(other, subnet))) return;
  throw new DhowError(
    'Forbidden',
    'invalid pool request: Pool overlaps with other one on this address space',
  );
}
