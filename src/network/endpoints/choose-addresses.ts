import { DhowError } from '#errors/error.ts';
import { countUsable, nextFreeAddress, usableAddresses } from '#network/addresses/allocate.ts';
import { contains, type Family, formatSubnet, type IpAddress, parseIp } from '#network/addresses/ip.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import type { EndpointRequest } from '#network/network.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { type NetworkRow, type Pool, reservedAddresses } from '#network/tables/networks.ts';

/**
 * The addresses of a new endpoint: those asked for, else the next free ones. Call it in the transaction that writes the
 * endpoint.
 * @throws InvalidParameter for an address that the network cannot have; Forbidden for a taken one; ResourceExhausted
 */
export function chooseAddresses(
  parts: EndpointParts,
  network: NetworkRow,
  request: EndpointRequest,
): EndpointRow['addresses'] {
  const wished = { 4: request.address, 6: request.address6 };
  const addresses: EndpointRow['addresses'] = {};
  for (const family of [4, 6] as const) {
    const pool = network.pools[family];
    const text = wished[family];
    if (text) addresses[family] = checkWished(parts, network, family, text);
    else if (pool) addresses[family] = takeNext(parts, network, family, pool);
  }
  return addresses;
}

function checkWished(parts: EndpointParts, network: NetworkRow, family: Family, text: string): IpAddress {
  const address = parseIp(text);
  if (address === undefined || address.family !== family) {
    throw new DhowError('InvalidParameter', `invalid IPv${family} address: ${text.slice(0, 60)}`);
  }
  if (network.name === 'bridge') {
    throw new DhowError(
      'InvalidParameter',
      'user specified IP address is supported on user defined networks only',
    );
  }
  const pool = network.pools[family];
  if (pool === undefined || !contains(pool.subnet, address)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid config for network ${network.name}: invalid endpoint settings: no configured subnet contains IP address ${text}`,
    );
  }
  const { first, end } = usableAddresses(pool.subnet);
  const usable =
    address.value >= first && address.value <= end && !reservedAddresses(pool).has(address.value);
  const [next] = parts.endpoints.addressesFrom(network.id, address);
  if (!usable || next === address.value) throw new DhowError('Forbidden', 'Address already in use');
  return address;
}

function takeNext(parts: EndpointParts, network: NetworkRow, family: Family, pool: Pool): IpAddress {
  const { subnet, range } = pool;
  const request = { subnet, range, reserved: reservedAddresses(pool) };
  const value = nextFreeAddress({
    ...request,
    last: pool.last,
    usedFrom: (from) => parts.endpoints.addressesFrom(network.id, { family, value: from }),
  });
  if (value === undefined) {
    throw new DhowError(
      'ResourceExhausted',
      `no available IPv${family} addresses on network "${network.name}" (${formatSubnet(range ?? subnet)}): ` +
        `all ${countUsable(request)} are in use; remove containers or use another network`,
    );
  }
  parts.networks.setLastAddress(network.id, family, value);
  return { family, value };
}
