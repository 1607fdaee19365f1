import { formatIpv4 } from '#network/addresses/ipv4.ts';
import type { Endpoint, PublishedPort } from '#network/network.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import type { NetworkRow } from '#network/tables/networks.ts';

/** An endpoint as other rooms see it; without an interface (host, none) its address fields are empty. */
export function viewEndpoint(row: EndpointRow, network: NetworkRow, ports: PublishedPort[]): Endpoint {
  const attached = row.address !== undefined && network.subnet !== undefined;
  return {
    id: row.id,
    containerId: row.containerId,
    networkId: network.id,
    networkName: network.name,
    driver: network.driver,
    interfaceName: row.interfaceName,
    address: row.address === undefined ? '' : formatIpv4(row.address),
    prefixLength: attached ? (network.subnet?.prefixLength ?? 0) : 0,
    gateway: attached && network.gateway !== undefined ? formatIpv4(network.gateway) : '',
    macAddress: row.macAddress,
    ports,
  };
}
