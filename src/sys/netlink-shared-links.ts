import { type NewLink, newLink } from '#sys/netlink-link.ts';
import { type NetlinkRequest, uint16Attribute, uint32Attribute } from '#sys/netlink-message.ts';

/**
 * Links on which several networks share one link of the host, and the link that shares nothing. Requests, to be sent with
 * `socket.request([...])`. Specification: <linux/if_link.h>.
 */
const IFLA_MACVLAN_MODE = 1;
const IFLA_IPVLAN_MODE = 1;
const IFLA_IPVLAN_FLAGS = 2;
const IFLA_VLAN_ID = 1;

/** enum macvlan_mode */
export const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;

/** enum ipvlan_mode */
export const ipvlanModes = { l2: 0, l3: 1, l3s: 2 } as const;

/** IPVLAN_F_PRIVATE, IPVLAN_F_VEPA */
export const ipvlanFlags = { bridge: 0, private: 1, vepa: 2 } as const;

type SharingLink = NewLink & { parent: number };

/** An interface with a hardware address of its own on the network of `parent`. */
export function newMacvlan(link: SharingLink & { mode: keyof typeof macvlanModes }): NetlinkRequest {
  return newLink('macvlan', link, [uint32Attribute(IFLA_MACVLAN_MODE, macvlanModes[link.mode])]);
}

/** An interface with the hardware address of `parent`. */
export function newIpvlan(
  link: SharingLink & { mode: keyof typeof ipvlanModes; flag: keyof typeof ipvlanFlags },
): NetlinkRequest {
  return newLink('ipvlan', link, [
    uint16Attribute(IFLA_IPVLAN_MODE, ipvlanModes[link.mode]),
    uint16Attribute(IFLA_IPVLAN_FLAGS, ipvlanFlags[link.flag]),
  ]);
}

/** What of the traffic of `parent` is tagged with a number from 1 to 4094 (IEEE 802.1Q). */
export function newVlan(link: SharingLink & { id: number }): NetlinkRequest {
  return newLink('vlan', link, [uint16Attribute(IFLA_VLAN_ID, link.id)]);
}

/** A link that leads nowhere. */
export function newDummy(link: NewLink): NetlinkRequest {
  return newLink('dummy', link, []);
}
