import { DhowError } from '#errors/error.ts';
import { bytesOfIp, ipOfBytes, isLinkLocal } from '#network/addresses/ip.ts';
import { macOf } from '#network/addresses/mac.ts';
import { ownAlias } from '#network/kernel/own-alias.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import type { BridgeNetwork } from '#network/tables/networks.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { findLink, type Link, newBridge, setAlias, setGroup, setMtu, setUp } from '#sys/netlink-link.ts';
import { deleteAddress, type InterfaceAddress, listAddresses, newAddress } from '#sys/netlink-route.ts';
import { ensureSysctl, readSysctl } from '#sys/sysctl.ts';

/**
 * The device group of every bridge of every Dhow daemon on a machine ("dhow" in ASCII): firewall rules that hold
 * strangers back recognise another daemon's bridges by it.
 */
export const bridgeGroup = 0x64686f77;

/**
 * Creates the bridge or brings an existing one into shape: its addresses, group, alias, state, and kernel parameters.
 * @throws Conflict when an interface of this name is not a bridge
 */
export function ensureBridge(host: NetlinkSocket, table: string, network: BridgeNetwork): Link {
  const { mtu } = parseBridgeOptions(network.options);
  const name = network.interfaceName;
  const alias = ownAlias(table);
  const link = findLink(host, name) ?? createBridge(host, network, mtu);
  if (link.kind !== 'bridge') {
    throw new DhowError(
      'Conflict',
      `cannot create the bridge of network "${network.name}": an interface named ${name} exists and is not a bridge`,
    );
  }
  // Before the addresses: without IPv6 the kernel refuses them.
  setParameters(network);
  host.request(
    [
      ...addressChanges(host, network, link.index),
      ...(link.up ? [] : [setUp(link.index)]),
      ...(link.group === bridgeGroup ? [] : [setGroup(link.index, bridgeGroup)]),
      ...(link.alias === alias ? [] : [setAlias(link.index, alias)]),
      ...(link.mtu === mtu ? [] : [setMtu(link.index, mtu)]),
    ],
    `configure bridge ${name}`,
  );
  return link;
}

function createBridge(host: NetlinkSocket, network: BridgeNetwork, mtu: number): Link {
  const name = network.interfaceName;
  const [gateway] = gatewayAddresses(network, 0);
  // A fixed hardware address: otherwise the bridge takes the lowest of its ports and containers' ARP caches go stale.
  const macAddress = gateway === undefined ? '02:42:00:00:00:01' : macOf(ipOfBytes(gateway.address));
  host.request([newBridge({ name, macAddress, mtu, group: bridgeGroup })], `create bridge ${name}`);
  const link = findLink(host, name);
  if (link === undefined) throw new DhowError('Internal', `bridge ${name} vanished while it was created`);
  return link;
}

function addressChanges(host: NetlinkSocket, network: BridgeNetwork, interfaceIndex: number) {
  const wanted = gatewayAddresses(network, interfaceIndex);
  const present = listAddresses(host).filter(
    (address) => address.interfaceIndex === interfaceIndex && !isFromKernel(address),
  );
  const missing = wanted.filter((address) => !present.some((other) => sameAddress(address, other)));
  const strange = present.filter((address) => !wanted.some((other) => sameAddress(address, other)));
  return [...strange.map(deleteAddress), ...missing.map(newAddress)];
}

/** The host's addresses on the bridge. */
function gatewayAddresses(network: BridgeNetwork, interfaceIndex: number): InterfaceAddress[] {
  const { inhibitGateway } = parseBridgeOptions(network.options);
  return ([4, 6] as const).flatMap((family) => {
    const pool = network.pools[family];
    if (pool?.gateway === undefined || (inhibitGateway && family === 4)) return [];
    const address = bytesOfIp({ family, value: pool.gateway });
    return [{ address, prefixLength: pool.subnet.prefixLength, interfaceIndex }];
  });
}

function sameAddress(one: InterfaceAddress, other: InterfaceAddress): boolean {
  return one.prefixLength === other.prefixLength && Buffer.compare(one.address, other.address) === 0;
}

function isFromKernel({ address }: InterfaceAddress): boolean {
  return address.length === 16 && isLinkLocal(ipOfBytes(address));
}

/**
 * Routing of loopback addresses is for published ports that are reached through 127.0.0.1. Without IPv6 in the network
 * the bridge has none either: containers would reach the host by addresses that nobody gave. Containers that must not
 * talk to each other are kept apart by the bridge (isolated ports); what they may say all the same goes through the host,
 * which answers for their addresses.
 */
function setParameters(network: BridgeNetwork): void {
  const name = network.interfaceName;
  const { interContainer } = parseBridgeOptions(network.options);
  ensureSysctl(`net/ipv4/conf/${name}/route_localnet`, '1');
  ensureSysctl(`net/ipv4/conf/${name}/proxy_arp_pvlan`, interContainer ? '0' : '1');
  // At once: answers that the kernel puts off are lost when any interface of the host goes away meanwhile.
  if (!interContainer) ensureSysctl(`net/ipv4/neigh/${name}/proxy_delay`, '0');
  // A kernel without IPv6 has no such parameters.
  if (readSysctl(`net/ipv6/conf/${name}/disable_ipv6`) === undefined) return;
  ensureSysctl(`net/ipv6/conf/${name}/disable_ipv6`, network.pools[6]?.gateway === undefined ? '1' : '0');
  ensureSysctl(`net/ipv6/conf/${name}/accept_ra`, '0');
  // Until the link-local address is known to be nobody else's, the kernel forwards nothing to new containers: two seconds.
  ensureSysctl(`net/ipv6/conf/${name}/accept_dad`, '0');
}
