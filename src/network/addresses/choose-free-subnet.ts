import { DhowError } from '#errors/error.ts';
import { overlap, parseSubnet, type Subnet } from '#network/addresses/ipv4.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { listAddresses, listRoutes } from '#sys/netlink-route.ts';

/**
 * The first candidate that no route and no address of the host overlaps.
 * @throws ResourceExhausted when there is none
 */
export function chooseFreeSubnet(host: NetlinkSocket, candidates: readonly string[]): Subnet {
  const subnets = candidates.flatMap((text) => parseSubnet(text) ?? []);
  const chosen = firstFree(subnets, subnetsInUse(host));
  if (chosen) return chosen;
  throw new DhowError(
    'ResourceExhausted',
    'cannot find a subnet for the default network: every candidate overlaps a route of this host',
  );
}

export function isFree(host: NetlinkSocket, subnet: Subnet): boolean {
  return firstFree([subnet], subnetsInUse(host)) !== undefined;
}

/**
 * Destinations wider than /2 are ignored: they are default routes, or the halves 0.0.0.0/1 and 128.0.0.0/1 by which
 * VPN programs write one.
 */
export function firstFree(candidates: readonly Subnet[], inUse: readonly Subnet[]): Subnet | undefined {
  const taken = inUse.filter((subnet) => subnet.prefixLength >= 2);
  return candidates.find((candidate) => !taken.some((subnet) => overlap(subnet, candidate)));
}

function subnetsInUse(host: NetlinkSocket): Subnet[] {
  return [...listRoutes(host), ...listAddresses(host)];
}
