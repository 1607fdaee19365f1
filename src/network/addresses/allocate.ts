import { firstAddress, lastAddress, type Subnet } from '#network/addresses/ipv4.ts';

export interface AllocationRequest {
  subnet: Subnet;
  gateway: number;
  /** The address that was given last; the search begins behind it, so that addresses rest before they return. */
  last: number | undefined;
  /** Addresses in use from `from` on, in ascending order. */
  usedFrom(from: number): Iterable<number>;
}

/** The next free address for a container (neither network, broadcast nor gateway address), or undefined. */
export function nextFreeAddress(request: AllocationRequest): number | undefined {
  const first = firstAddress(request.subnet) + 1;
  const end = lastAddress(request.subnet) - 1;
  const start =
    request.last !== undefined && request.last >= first && request.last < end ? request.last + 1 : first;
  return firstGap(request, start, end) ?? firstGap(request, first, start - 1);
}

function firstGap(request: AllocationRequest, start: number, end: number): number | undefined {
  let candidate = start === request.gateway ? start + 1 : start;
  for (const used of request.usedFrom(start)) {
    if (used > candidate) break;
    if (used === candidate) candidate++;
    if (candidate === request.gateway) candidate++;
  }
  return candidate <= end ? candidate : undefined;
}
