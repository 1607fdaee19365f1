import { type Family, formatIp } from '#network/addresses/ip.ts';
import type { Endpoint, EndpointAddress } from '#network/network.ts';
import { isRoutedByParent } from '#network/options/ipvlan-options.ts';
import type { AttachedContainer, EndpointRow } from '#network/tables/endpoints.ts';
import { hasInterfaces, type NetworkRow } from '#network/tables/networks.ts';

/** An endpoint as other rooms see it. */
export function viewEndpoint(row: EndpointRow, network: NetworkRow, container: AttachedContainer): Endpoint {
  return {
    id: row.id,
    containerId: row.containerId,
    containerName: container.name,
    networkId: network.id,
    networkName: network.name,
    driver: network.driver,
    interfaceName: row.interfaceName,
    macAddress: row.macAddress,
    ipv4: viewAddress(row, network, 4),
    ipv6: viewAddress(row, network, 6),
    aliases: row.aliases,
    names: namesOf(row, network, container),
    gatewayPriority: row.gatewayPriority,
  };
}

function viewAddress(row: EndpointRow, network: NetworkRow, family: Family): EndpointAddress {
  const address = row.addresses[family];
  const pool = network.pools[family];
  if (address === undefined || pool === undefined) return { address: '', prefixLength: 0, gateway: '' };
  return {
    address: formatIp(address),
    prefixLength: pool.subnet.prefixLength,
    gateway:
      pool.gateway === undefined || network.internal || isRoutedByParent(network)
        ? ''
        : formatIp({ family, value: pool.gateway }),
  };
}

/** On networks that have names at all: the container's name, its aliases, its short id and its hostname. */
export function namesOf(
  row: EndpointRow,
  network: NetworkRow,
  container: Pick<AttachedContainer, 'id' | 'name' | 'hostname'>,
): string[] {
  if (!hasNames(network)) return [];
  const names = [container.name, ...row.aliases, container.id.slice(0, 12), container.hostname];
  return [...new Set(names.filter((name) => name !== ''))];
}

/** The default network has none, as in Docker: its containers know each other by links. */
export function hasNames(network: Pick<NetworkRow, 'name' | 'driver'>): boolean {
  return network.name !== 'bridge' && hasInterfaces(network);
}
