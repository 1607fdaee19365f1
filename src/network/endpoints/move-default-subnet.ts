import { chooseFreeSubnet, isFree } from '#network/addresses/choose-free-subnet.ts';
import { formatSubnet } from '#network/addresses/ipv4.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { isBridgeNetwork } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-route.ts';

/**
 * Between two runs the host may have got a route to the default network's subnet, by a VPN or by another program that
 * came first after a reboot. While the bridge does not exist and nothing is attached, the network moves out of the way.
 */
export function moveDefaultSubnet(parts: EndpointParts, candidates: readonly string[]): void {
  const network = parts.networks.byName('bridge');
  if (network === undefined || !isBridgeNetwork(network)) return;
  if (findLink(parts.host, network.bridge) !== undefined || isFree(parts.host, network.subnet)) return;
  const used = parts.endpoints.list().some((row) => row.networkId === network.id);
  if (used) {
    parts.log.warn('a route of the host overlaps the subnet of the default network', {
      subnet: formatSubnet(network.subnet),
    });
    return;
  }
  const subnet = chooseFreeSubnet(parts.host, candidates);
  parts.networks.setSubnet(network.id, subnet, subnet.address + 1);
  parts.log.info('the default network moved out of the way of a route of the host', {
    from: formatSubnet(network.subnet),
    to: formatSubnet(subnet),
  });
}
