import { ipOfBytes, overlap, type Subnet } from '#network/addresses/ip.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { listAddresses, listRoutes } from '#sys/netlink-route.ts';

/**
 * The first candidate that overlaps nothing in use.
 *
 * Destinations wider than /2 are ignored: they are default routes, or the halves 0.0.0.0/1 and 128.0.0.0/1 by which
 * VPN programs write one.
 */
export function firstFree(candidates: Iterable<Subnet>, inUse: readonly Subnet[]): Subnet | undefined {
  const taken = inUse.filter((subnet) => subnet.prefixLength >= 2);
  for (const candidate of candidates) {
    if (!taken.some((subnet) => overlap(subnet, candidate))) return candidate;
  }
  return undefined;
}

/**
 * What the host routes somewhere, and its own addresses.
 * @param except index of an interface that does not count
 */
export function subnetsOfHost(host: NetlinkSocket, except?: number): Subnet[] {
  return [...listRoutes(host, 4), ...listRoutes(host, 6), ...listAddresses(host)]
    .filter(({ interfaceIndex }) => except === undefined || interfaceIndex !== except)
    .map(({ address, prefixLength }) => ({ ...ipOfBytes(address), prefixLength }));
}
