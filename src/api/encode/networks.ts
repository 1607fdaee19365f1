import type { Endpoint, EndpointAddress, NetworkRecord } from '#network/network.ts';
import type { Network, NetworkContainer } from '#wire/networks.ts';

/** `members` only for inspect; a list leaves the containers out. */
export function encodeNetwork(network: NetworkRecord, members: readonly Endpoint[] = []): Network {
  const { template } = network;
  const pools = template?.pools ?? network.pools;
  const config = pools.map(({ subnet, range, gateway, auxiliary }) => ({
    ...(subnet === undefined ? {} : { Subnet: subnet }),
    ...(range === undefined ? {} : { IPRange: range }),
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    ...(Object.keys(auxiliary).length === 0 ? {} : { AuxiliaryAddresses: auxiliary }),
  }));
  const isOf = (family: 4 | 6): boolean =>
    network.pools.some(({ subnet }) => subnet.includes(':') === (family === 6));
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt.toISOString(),
    Scope: 'local',
    Driver: network.driver === 'none' ? 'null' : network.driver,
    EnableIPv4: template?.ipv4 ?? (pools.length === 0 || isOf(4)),
    EnableIPv6: template ? (template.ipv6 ?? false) : isOf(6),
    IPAM: { Driver: 'default', Options: null, Config: config.length > 0 ? config : null },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: network.madeFrom ?? '' },
    ConfigOnly: template !== undefined,
    Containers: Object.fromEntries(members.map((member) => [member.containerId, encodeMember(member)])),
    Options: network.options,
    Labels: network.labels,
  };
}

function encodeMember(member: Endpoint): NetworkContainer {
  return {
    Name: member.containerName,
    EndpointID: member.id,
    MacAddress: member.macAddress,
    IPv4Address: withPrefix(member.ipv4),
    IPv6Address: withPrefix(member.ipv6),
  };
}

function withPrefix({ address, prefixLength }: EndpointAddress): string {
  return address === '' ? '' : `${address}/${prefixLength}`;
}
