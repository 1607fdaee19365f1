import { DhowError } from '#errors/error.ts';
import { usableAddresses } from '#network/addresses/allocate.ts';
import {
  contains,
  firstAddress,
  formatIp,
  formatSubnet,
  type IpAddress,
  overlap,
  parseIp,
  parseSubnet,
  type Subnet,
} from '#network/addresses/ip.ts';
import type { NetworkRequest } from '#network/network.ts';
import { type Pool, reservedAddresses } from '#network/tables/networks.ts';

type PoolRequest = NetworkRequest['pools'][number];

/** This host, loopback and multicast: addresses that packets do not travel by from one host to another (RFC 6890, 5771, 4291). */
const unroutable = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/4', '::/127', 'ff00::/8'].flatMap(
  (text) => parseSubnet(text) ?? [],
);

export function automaticPool(subnet: Subnet): Pool {
  return { subnet, range: undefined, gateway: undefined, auxiliary: {}, automatic: true, last: undefined };
}

/**
 * The first address that containers could have and that has no other use, unless it is given.
 * @throws InvalidParameter when there is none
 */
export function withGateway(pool: Pool, gateway: IpAddress | undefined): Pool {
  if (gateway !== undefined) return { ...pool, gateway: gateway.value };
  const taken = reservedAddresses(pool);
  const usable = usableAddresses(pool.subnet, pool.range);
  let { first } = usable;
  while (taken.has(first)) first++;
  if (first <= usable.end) return { ...pool, gateway: first };
  throw new DhowError(
    'InvalidParameter',
    `no address is left for the gateway of ${formatSubnet(pool.subnet)}: give one, or a larger range`,
  );
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
  const { auxiliary } = request;
  for (const text of Object.values(auxiliary)) inside(text, 'auxiliary address');
  const pool = { ...automaticPool(subnet), range, auxiliary, automatic: false };
  const gateway = request.gateway ? inside(request.gateway, 'gateway') : undefined;
  if (gateway) refuseUnusable(gateway, pool);
  return { pool, gateway };
}

function refuseUnusable(gateway: IpAddress, pool: Pool): void {
  const { first, end } = usableAddresses(pool.subnet);
  const isHost = gateway.value >= first && gateway.value <= end;
  if (isHost && !reservedAddresses(pool).has(gateway.value)) return;
  const reason = isHost ? 'an auxiliary address has it, too' : 'it is no address of a host';
  throw new DhowError('InvalidParameter', `invalid gateway ${formatIp(gateway)}: ${reason}`);
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
  const reserved = unroutable.find((other) => overlap(other, subnet));
  if (reserved === undefined) return subnet;
  throw new DhowError(
    'InvalidParameter',
    `invalid subnet ${text}: ${formatSubnet(reserved)} is for no network of hosts`,
  );
}

function readRange(text: string, subnet: Subnet): Subnet {
  const range = parseSubnet(text);
  if (range && overlap(range, subnet) && range.prefixLength >= subnet.prefixLength) return range;
  throw new DhowError(
    'InvalidParameter',
    `invalid ip-range ${text.slice(0, 60)}: it must be a part of the subnet ${formatSubnet(subnet)}, with zero host bits`,
  );
}
