import type { Endpoint, NetworkRecord } from '#network/network.ts';
import type { Network, NetworkContainer } from '#wire/networks.ts';

/** `members` only for inspect; a list leaves the containers out. */
export function encodeNetwork(
  network: NetworkRecord,
  members: readonly { name: string; endpoint: Endpoint }[] = [],
): Network {
  const { subnet, gateway } = network;
  const config = subnet === undefined ? null : [{ Subnet: subnet, ...(gateway ? { Gateway: gateway } : {}) }];
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt.toISOString(),
    Scope: 'local',
    Driver: network.driver === 'none' ? 'null' : network.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: config },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      members.map(({ name, endpoint }) => [endpoint.containerId, encodeMember(name, endpoint)]),
    ),
    Options: network.options,
    Labels: network.labels,
  };
}

function encodeMember(name: string, endpoint: Endpoint): NetworkContainer {
  return {
    Name: name,
    EndpointID: endpoint.id,
    MacAddress: endpoint.macAddress,
    IPv4Address: endpoint.address === '' ? '' : `${endpoint.address}/${endpoint.prefixLength}`,
    IPv6Address: '',
  };
}
