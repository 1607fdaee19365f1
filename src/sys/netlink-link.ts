import { Buffer } from 'node:buffer';
import { hasCode } from '#sys/libc.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import {
  attribute,
  decodeAttributes,
  type NetlinkMessage,
  type NetlinkRequest,
  nested,
  netlinkFlags,
  textAttribute,
  textOf,
  uint8Attribute,
  uint32Attribute,
  uint32Of,
} from '#sys/netlink-message.ts';

/**
 * Links: requests as values, to be sent together with `socket.request([...])`, and dumps.
 * Specification: rtnetlink(7), <linux/if_link.h>.
 */
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_GROUP = 27;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_ISOLATED = 33;

const IFF_UP = 1;
const IFF_NOARP = 0x80;

/** The kernel's limit for interface names, without the closing zero byte. */
export const maximumInterfaceNameLength = 15;

export interface Link {
  index: number;
  name: string;
  up: boolean;
  /** "bridge", "veth", …; empty for hardware and loopback. */
  kind: string;
  /** Free text that whoever made the link left on it. */
  alias: string;
  master: number | undefined;
  mtu: number;
  group: number;
}

export interface NewBridge {
  name: string;
  macAddress: string;
  mtu: number;
  /** Device group, for firewall rules that mean several bridges at once. */
  group: number;
}

export interface NewVeth {
  /** Name on this side; the end is made a port of the bridge `master`, when there is one, and brought up. */
  name: string;
  master?: number;
  mtu: number;
  peer: { name: string; macAddress: string; namespaceFd: number };
}

/** Two interfaces, each of which receives what is sent through the other. */
export interface NewLoop {
  near: string;
  far: string;
  /** Of both: they know each other without asking. */
  macAddress: string;
  mtu: number;
}

export function newBridge(bridge: NewBridge): NetlinkRequest {
  return {
    type: RTM_NEWLINK,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    body: Buffer.concat([
      linkHeader({ up: true }),
      textAttribute(IFLA_IFNAME, bridge.name),
      attribute(IFLA_ADDRESS, macBytes(bridge.macAddress)),
      uint32Attribute(IFLA_MTU, bridge.mtu),
      uint32Attribute(IFLA_GROUP, bridge.group),
      nested(IFLA_LINKINFO, textAttribute(IFLA_INFO_KIND, 'bridge')),
    ]),
  };
}

/**
 * Both ends in one request: ours on the bridge and up, the peer born inside its namespace. The peer stays down: the
 * kernel would open it before the pair is joined and answer ENOTCONN.
 */
export function newVeth(veth: NewVeth): NetlinkRequest {
  const peer = Buffer.concat([
    linkHeader({}),
    textAttribute(IFLA_IFNAME, veth.peer.name),
    attribute(IFLA_ADDRESS, macBytes(veth.peer.macAddress)),
    uint32Attribute(IFLA_MTU, veth.mtu),
    namespaceAttribute(veth.peer.namespaceFd),
  ]);
  return {
    type: RTM_NEWLINK,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    body: Buffer.concat([
      linkHeader({ up: true }),
      textAttribute(IFLA_IFNAME, veth.name),
      uint32Attribute(IFLA_MTU, veth.mtu),
      ...(veth.master === undefined ? [] : [uint32Attribute(IFLA_MASTER, veth.master)]),
      nested(
        IFLA_LINKINFO,
        textAttribute(IFLA_INFO_KIND, 'veth'),
        nested(IFLA_INFO_DATA, nested(VETH_INFO_PEER, peer)),
      ),
    ]),
  };
}

/** A veth pair both ends of which lie here; without ARP, and down. */
export function newLoop({ near, far, macAddress, mtu }: NewLoop): NetlinkRequest {
  const end = (name: string) =>
    Buffer.concat([
      linkHeader({ withoutArp: true }),
      textAttribute(IFLA_IFNAME, name),
      attribute(IFLA_ADDRESS, macBytes(macAddress)),
      uint32Attribute(IFLA_MTU, mtu),
    ]);
  return {
    type: RTM_NEWLINK,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    body: Buffer.concat([
      end(near),
      nested(
        IFLA_LINKINFO,
        textAttribute(IFLA_INFO_KIND, 'veth'),
        nested(IFLA_INFO_DATA, nested(VETH_INFO_PEER, end(far))),
      ),
    ]),
  };
}

/** What new links of many kinds have in common. */
export interface NewLink {
  name: string;
  up?: boolean;
  /** Index of the link that it stands on. */
  parent?: number;
  macAddress?: string;
  mtu?: number | undefined;
  /** Where it is born; without it here. */
  namespaceFd?: number;
}

/** @param data attributes of the kind's own */
export function newLink(kind: string, link: NewLink, data: readonly Buffer[]): NetlinkRequest {
  return {
    type: RTM_NEWLINK,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    body: Buffer.concat([
      linkHeader({ up: link.up ?? false }),
      textAttribute(IFLA_IFNAME, link.name),
      ...(link.parent === undefined ? [] : [uint32Attribute(IFLA_LINK, link.parent)]),
      ...(link.macAddress === undefined ? [] : [attribute(IFLA_ADDRESS, macBytes(link.macAddress))]),
      ...(link.mtu === undefined ? [] : [uint32Attribute(IFLA_MTU, link.mtu)]),
      ...(link.namespaceFd === undefined ? [] : [namespaceAttribute(link.namespaceFd)]),
      nested(IFLA_LINKINFO, textAttribute(IFLA_INFO_KIND, kind), nested(IFLA_INFO_DATA, ...data)),
    ]),
  };
}

export interface BridgePortSettings {
  /** A frame may go back to where it came from. */
  hairpin: boolean;
  /** No frames to or from other isolated ports. */
  isolated: boolean;
}

export function setBridgePort(name: string, port: BridgePortSettings): NetlinkRequest {
  return {
    type: RTM_NEWLINK,
    flags: 0,
    body: Buffer.concat([
      linkHeader({}),
      textAttribute(IFLA_IFNAME, name),
      nested(
        IFLA_LINKINFO,
        textAttribute(IFLA_INFO_SLAVE_KIND, 'bridge'),
        nested(
          IFLA_INFO_SLAVE_DATA,
          uint8Attribute(IFLA_BRPORT_MODE, Number(port.hairpin)),
          ...(port.isolated ? [uint8Attribute(IFLA_BRPORT_ISOLATED, 1)] : []),
        ),
      ),
    ]),
  };
}

export function setUp(index: number): NetlinkRequest {
  return { type: RTM_NEWLINK, flags: 0, body: linkHeader({ index, up: true }) };
}

/** The link must be down. */
export function setName(index: number, name: string): NetlinkRequest {
  return changeLink(index, textAttribute(IFLA_IFNAME, name));
}

export function setGroup(index: number, group: number): NetlinkRequest {
  return changeLink(index, uint32Attribute(IFLA_GROUP, group));
}

export function setMtu(index: number, mtu: number): NetlinkRequest {
  return changeLink(index, uint32Attribute(IFLA_MTU, mtu));
}

/** @param alias at most 255 characters */
export function setAlias(index: number, alias: string): NetlinkRequest {
  return changeLink(index, textAttribute(IFLA_IFALIAS, alias));
}

function changeLink(index: number, change: Buffer): NetlinkRequest {
  return { type: RTM_NEWLINK, flags: 0, body: Buffer.concat([linkHeader({ index }), change]) };
}

export function deleteLink(name: string): NetlinkRequest {
  return {
    type: RTM_DELLINK,
    flags: 0,
    body: Buffer.concat([linkHeader({}), textAttribute(IFLA_IFNAME, name)]),
  };
}

/** The link of this name, or undefined. @throws NetlinkError */
export function findLink(socket: NetlinkSocket, name: string): Link | undefined {
  const body = Buffer.concat([linkHeader({}), textAttribute(IFLA_IFNAME, name)]);
  try {
    return decodeLink(socket.get({ type: RTM_GETLINK, flags: 0, body }, `link ${name}`));
  } catch (error) {
    if (hasCode(error, 'ENODEV')) return undefined;
    throw error;
  }
}

export function listLinks(socket: NetlinkSocket): Link[] {
  return socket.dump({ type: RTM_GETLINK, flags: 0, body: linkHeader({}) }, 'list links').map(decodeLink);
}

/** struct ifinfomsg */
function linkHeader(link: { index?: number; up?: boolean; withoutArp?: boolean }): Buffer {
  const header = Buffer.alloc(16);
  const flags = (link.up === true ? IFF_UP : 0) | (link.withoutArp === true ? IFF_NOARP : 0);
  header.writeInt32LE(link.index ?? 0, 4);
  // Which flags, and which of them are to be changed.
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(flags, 12);
  return header;
}

function namespaceAttribute(fd: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(fd);
  return attribute(IFLA_NET_NS_FD, payload);
}

function decodeLink(message: NetlinkMessage): Link {
  const attributes = decodeAttributes(message.body.subarray(16));
  const info = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0));
  return {
    index: message.body.readInt32LE(4),
    name: textOf(attributes.get(IFLA_IFNAME)),
    up: (message.body.readUInt32LE(8) & IFF_UP) !== 0,
    kind: textOf(info.get(IFLA_INFO_KIND)),
    alias: textOf(attributes.get(IFLA_IFALIAS)),
    master: uint32Of(attributes.get(IFLA_MASTER)),
    mtu: uint32Of(attributes.get(IFLA_MTU)) ?? 0,
    group: uint32Of(attributes.get(IFLA_GROUP)) ?? 0,
  };
}

function macBytes(address: string): Buffer {
  return Buffer.from(address.replaceAll(':', ''), 'hex');
}
