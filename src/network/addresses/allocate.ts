import { firstAddress, lastAddress, type Subnet } from '#network/addresses/ip.ts';

export interface AllocationRequest {
  subnet: Subnet;
  /** The part of the subnet from which addresses are given; without it all of it. */
  range: Subnet | undefined;
  /** Addresses that no endpoint has and that are not given either: the gateway, auxiliary addresses. */
  reserved: ReadonlySet<bigint>;
  /** The address that was given last; the search begins behind it, so that addresses rest before they return. */
  last: bigint | undefined;
  /** Addresses in use from `from` on, in ascending order. */
  usedFrom(from: bigint): Iterable<bigint>;
}

/** The next free address for a container, or undefined. */
export function nextFreeAddress(request: AllocationRequest): bigint | undefined {
  const { first, end } = usableAddresses(request.subnet, request.range);
  const { last } = request;
  const start = last !== undefined && last >= first && last < end ? last + 1n : first;
  return firstGap(request, start, end) ?? firstGap(request, first, start - 1n);
}

/** How many addresses containers can have at once. */
export function countUsable(request: Pick<AllocationRequest, 'subnet' | 'range' | 'reserved'>): bigint {
  const { first, end } = usableAddresses(request.subnet, request.range);
  const reserved = [...request.reserved].filter((address) => address >= first && address <= end);
  return end - first + 1n - BigInt(reserved.length);
}

/**
 * Neither the network's own address (for IPv6: the anycast address of its routers) nor the broadcast address. Subnets of
 * one or two addresses have neither (RFC 3021).
 */
export function usableAddresses(subnet: Subnet, range: Subnet = subnet): { first: bigint; end: bigint } {
  const tiny = lastAddress(subnet) - firstAddress(subnet) < 2n;
  const first = firstAddress(subnet) + (tiny ? 0n : 1n);
  const end = lastAddress(subnet) - (tiny || subnet.family === 6 ? 0n : 1n);
  return {
    first: firstAddress(range) > first ? firstAddress(range) : first,
    end: lastAddress(range) < end ? lastAddress(range) : end,
  };
}

function firstGap(request: AllocationRequest, start: bigint, end: bigint): bigint | undefined {
  const { reserved } = request;
  const skipReserved = (address: bigint): bigint => {
    let next = address;
    while (reserved.has(next)) next++;
    return next;
  };
  let candidate = skipReserved(start);
  for (const used of request.usedFrom(start)) {
    if (used > candidate) break;
    if (used === candidate) candidate = skipReserved(candidate + 1n);
  }
  return candidate <= end ? candidate : undefined;
}
