import type { Endpoint, EndpointAddress, NetworkRecord } from '#network/network.ts';
import type { Network, NetworkContainer } from '#wire/networks.ts';

/** `members` only for inspect; a list leaves the containers out. */
export function encodeNetwork(network: NetworkRecord, members: readonly Endpoint[] = []): Network {
  const { pools } = network;
  const config = pools.map(({ subnet, range, gateway, auxiliary }) => ({
    Subnet: subnet,
    ...(range === undefined ? {} : { IPRange: range }),
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    ...(Object.keys(auxiliary).length === 0 ? {} : { AuxiliaryAddresses: auxiliary }),
  }));
  const ipv6 = pools.some(({ subnet }) => subnet.includes(':'));
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt.toISOString(),
    Scope: 'local',
    Driver: network.driver === 'none' ? 'null' : network.driver,
    EnableIPv4: pools.length === 0 || pools.some(({ subnet }) => !subnet.includes(':')),
    EnableIPv6: ipv6,
    IPAM: { Driver: 'default', Options: null, Config: config.length > 0 ? config : null },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
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
