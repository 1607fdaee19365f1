import { overlap, type Subnet } from '#network/addresses/ipv4.ts';

/**
 * The first candidate that no subnet in use overlaps, or undefined. Destinations wider than /2 are ignored: they are
 * default routes, or the halves 0.0.0.0/1 and 128.0.0.0/1 by which VPN programs write one.
 */
export function chooseSubnet(candidates: readonly Subnet[], inUse: readonly Subnet[]): Subnet | undefined {
  const taken = inUse.filter((subnet) => subnet.prefixLength >= 2);
  return candidates.find((candidate) => !taken.some((subnet) => overlap(subnet, candidate)));
}
