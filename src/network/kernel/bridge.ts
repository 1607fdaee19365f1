import { DhowError } from '#errors/error.ts';
import { macOf } from '#network/addresses/mac.ts';
import type { BridgeNetwork } from '#network/tables/networks.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import {
  deleteAddress,
  findLink,
  type Link,
  listAddresses,
  listLinks,
  newAddress,
  newBridge,
  setGroup,
  setUp,
} from '#sys/netlink-route.ts';
import { ensureSysctl } from '#sys/sysctl.ts';

/**
 * The device group of every bridge of every Dhow daemon on a machine ("dhow" in ASCII): firewall rules that hold
 * strangers back recognise another daemon's bridges by it.
 */
export const bridgeGroup = 0x64686f77;

export const defaultMtu = 1500;

/**
 * Creates the bridge or brings an existing one into shape: its address, group, state and the permission to route
 * loopback addresses (for published ports reached through 127.0.0.1).
 * @throws Conflict when an interface of this name is not a bridge
 */
export function ensureBridge(host: NetlinkSocket, network: BridgeNetwork): Link {
  const link = findLink(host, network.bridge) ?? createBridge(host, network);
  if (link.kind !== 'bridge') {
    throw new DhowError(
      'Conflict',
      `cannot create the bridge of network "${network.name}": an interface named ${network.bridge} exists and is not a bridge`,
    );
  }
  const wanted = {
    address: network.gateway,
    prefixLength: network.subnet.prefixLength,
    interfaceIndex: link.index,
  };
  const present = listAddresses(host).filter((address) => address.interfaceIndex === link.index);
  const strange = present.filter(
    (address) => address.address !== wanted.address || address.prefixLength !== wanted.prefixLength,
  );
  host.request(
    [
      ...strange.map(deleteAddress),
      ...(present.length > strange.length ? [] : [newAddress(wanted)]),
      ...(link.up ? [] : [setUp(link.index)]),
      ...(link.group === bridgeGroup ? [] : [setGroup(link.index, bridgeGroup)]),
    ],
    `configure bridge ${network.bridge}`,
  );
  ensureSysctl(`net/ipv4/conf/${network.bridge}/route_localnet`, '1');
  return link;
}

/** The interfaces on a bridge. */
export function portsOfBridge(host: NetlinkSocket, bridge: Link): Link[] {
  return listLinks(host).filter((link) => link.master === bridge.index);
}

function createBridge(host: NetlinkSocket, network: BridgeNetwork): Link {
  // A fixed hardware address: otherwise the bridge takes the lowest of its ports and containers' ARP caches go stale.
  const macAddress = macOf(network.gateway);
  const { bridge: name } = network;
  host.request(
    [newBridge({ name, macAddress, mtu: defaultMtu, group: bridgeGroup })],
    `create bridge ${name}`,
  );
  const link = findLink(host, name);
  if (link === undefined) throw new DhowError('Internal', `bridge ${name} vanished while it was created`);
  return link;
}
