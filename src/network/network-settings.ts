import { DhowError } from '#errors/error.ts';
import { parseSubnetSource, type SubnetSource } from '#network/addresses/pools.ts';
import { maximumInterfaceNameLength } from '#sys/netlink-link.ts';

/** How the room is set up. The names in the kernel are shared by all processes of a machine: a second daemon needs its own. */
export interface NetworkSettings {
  /** Bridge of the default network, at most 15 characters. */
  bridge: string;
  /** nft table of family inet. */
  table: string;
  /** Begin of the names of host-side interfaces; at most 8 characters, the rest is random. */
  vethPrefix: string;
  /**
   * Where the subnets of networks come from that name none: `base,prefix-length` each, in order; the first subnet that
   * overlaps no other network and no route of the host is taken.
   */
  subnetSources: readonly string[];
  /** Whether the containers of the default network may talk to each other. */
  interContainer: boolean;
  /** Whether the default network, and other networks that do not say, have IPv6. */
  ipv6: boolean;
  /** Whether published ports are open from outside only as far as the host's own firewall opens them. */
  obeyHostFirewall: boolean;
}

/**
 * Subnets of 1,021 container addresses: a Linux bridge takes 1,023 interfaces, so a larger one would promise what
 * the kernel refuses, and a smaller one would be full before. They begin where Docker's default network lies, because
 * scripts know its gateway, 172.17.0.1.
 */
export const defaultNetworkSettings: NetworkSettings = {
  bridge: 'dhow0',
  table: 'dhow',
  vethPrefix: 'veth',
  subnetSources: [
    '172.17.0.0/22,22',
    ...Array.from({ length: 14 }, (_, index) => `172.${18 + index}.0.0/16,22`),
    '10.192.0.0/11,22',
    '192.168.0.0/16,22',
  ],
  interContainer: true,
  ipv6: false,
  obeyHostFirewall: false,
};

/** @returns the subnet sources. @throws InvalidParameter */
export function checkSettings(settings: NetworkSettings): SubnetSource[] {
  const valid =
    /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(settings.bridge) &&
    settings.bridge.length <= maximumInterfaceNameLength &&
    /^[a-zA-Z][a-zA-Z0-9_]*$/.test(settings.table) &&
    /^[a-zA-Z][a-zA-Z0-9]{0,7}$/.test(settings.vethPrefix);
  if (!valid) throw new DhowError('InvalidParameter', `invalid kernel names ${JSON.stringify(settings)}`);
  return settings.subnetSources.map((text) => {
    const source = parseSubnetSource(text);
    if (source) return source;
    throw new DhowError(
      'InvalidParameter',
      `invalid subnet source "${text}": it must be a subnet and a prefix length, such as 10.0.0.0/8,22`,
    );
  });
}
