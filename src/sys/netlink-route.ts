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
 * Links, addresses and routes: requests as values, to be sent together with `socket.request([...])`, and dumps.
 * IPv4 addresses are unsigned 32-bit numbers in host order. Specification: rtnetlink(7), <linux/if_link.h>.
 */
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_GROUP = 27;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;

const AF_INET = 2;
const IFF_UP = 1;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RTN_UNICAST = 1;

/** The kernel's limit for interface names, without the closing zero byte. */
export const maximumInterfaceNameLength = 15;

export interface Link {
  index: number;
  name: string;
  up: boolean;
  /** "bridge", "veth", …; empty for hardware and loopback. */
  kind: string;
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

export interface Route {
  /** Destination; 0/0 for the default route. */
  address: number;
  prefixLength: number;
  interfaceIndex: number | undefined;
}

export interface InterfaceAddress {
  address: number;
  prefixLength: number;
  interfaceIndex: number;
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
  const namespace = Buffer.alloc(4);
  namespace.writeInt32LE(veth.peer.namespaceFd);
  const peer = Buffer.concat([
    linkHeader({}),
    textAttribute(IFLA_IFNAME, veth.peer.name),
    attribute(IFLA_ADDRESS, macBytes(veth.peer.macAddress)),
    uint32Attribute(IFLA_MTU, veth.mtu),
    attribute(IFLA_NET_NS_FD, namespace),
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

/** A bridge port that may send a frame back to where it came from. */
export function setHairpin(name: string): NetlinkRequest {
  return {
    type: RTM_NEWLINK,
    flags: 0,
    body: Buffer.concat([
      linkHeader({}),
      textAttribute(IFLA_IFNAME, name),
      nested(
        IFLA_LINKINFO,
        textAttribute(IFLA_INFO_SLAVE_KIND, 'bridge'),
        nested(IFLA_INFO_SLAVE_DATA, uint8Attribute(IFLA_BRPORT_MODE, 1)),
      ),
    ]),
  };
}

export function setUp(index: number): NetlinkRequest {
  return { type: RTM_NEWLINK, flags: 0, body: linkHeader({ index, up: true }) };
}

export function setGroup(index: number, group: number): NetlinkRequest {
  return {
    type: RTM_NEWLINK,
    flags: 0,
    body: Buffer.concat([linkHeader({ index }), uint32Attribute(IFLA_GROUP, group)]),
  };
}

export function deleteLink(name: string): NetlinkRequest {
  return {
    type: RTM_DELLINK,
    flags: 0,
    body: Buffer.concat([linkHeader({}), textAttribute(IFLA_IFNAME, name)]),
  };
}

export function newAddress(address: InterfaceAddress): NetlinkRequest {
  const host = 2 ** (32 - address.prefixLength) - 1;
  return {
    type: RTM_NEWADDR,
    flags: netlinkFlags.create | netlinkFlags.replace,
    body: Buffer.concat([
      addressHeader(address),
      attribute(IFA_LOCAL, ipv4Bytes(address.address)),
      attribute(IFA_ADDRESS, ipv4Bytes(address.address)),
      attribute(IFA_BROADCAST, ipv4Bytes((address.address | host) >>> 0)),
    ]),
  };
}

export function deleteAddress(address: InterfaceAddress): NetlinkRequest {
  return {
    type: RTM_DELADDR,
    flags: 0,
    body: Buffer.concat([addressHeader(address), attribute(IFA_LOCAL, ipv4Bytes(address.address))]),
  };
}

export function newDefaultRoute(gateway: number, interfaceIndex: number): NetlinkRequest {
  return {
    type: RTM_NEWROUTE,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    body: Buffer.concat([
      Buffer.of(AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, 0, RTN_UNICAST, 0, 0, 0, 0),
      attribute(RTA_GATEWAY, ipv4Bytes(gateway)),
      uint32Attribute(RTA_OIF, interfaceIndex),
    ]),
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

/** IPv4 addresses of all links. */
export function listAddresses(socket: NetlinkSocket): InterfaceAddress[] {
  const body = addressHeader({ address: 0, prefixLength: 0, interfaceIndex: 0 });
  return socket.dump({ type: RTM_GETADDR, flags: 0, body }, 'list addresses').flatMap(decodeAddress);
}

/** IPv4 unicast routes of every table. */
export function listRoutes(socket: NetlinkSocket): Route[] {
  const body = Buffer.of(AF_INET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  return socket.dump({ type: RTM_GETROUTE, flags: 0, body }, 'list routes').flatMap(decodeRoute);
}

/** struct ifinfomsg */
function linkHeader(link: { index?: number; up?: boolean }): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(link.index ?? 0, 4);
  if (link.up === true) {
    header.writeUInt32LE(IFF_UP, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  return header;
}

/** struct ifaddrmsg */
function addressHeader(address: InterfaceAddress): Buffer {
  const header = Buffer.of(AF_INET, address.prefixLength, 0, 0, 0, 0, 0, 0);
  header.writeUInt32LE(address.interfaceIndex, 4);
  return header;
}

function decodeLink(message: NetlinkMessage): Link {
  const attributes = decodeAttributes(message.body.subarray(16));
  const info = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0));
  return {
    index: message.body.readInt32LE(4),
    name: textOf(attributes.get(IFLA_IFNAME)),
    up: (message.body.readUInt32LE(8) & IFF_UP) !== 0,
    kind: textOf(info.get(IFLA_INFO_KIND)),
    master: uint32Of(attributes.get(IFLA_MASTER)),
    mtu: uint32Of(attributes.get(IFLA_MTU)) ?? 0,
    group: uint32Of(attributes.get(IFLA_GROUP)) ?? 0,
  };
}

function decodeAddress(message: NetlinkMessage): InterfaceAddress[] {
  if (message.body.length < 8 || message.body[0] !== AF_INET) return [];
  const attributes = decodeAttributes(message.body.subarray(8));
  const local = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (local === undefined || local.length !== 4) return [];
  return [
    {
      address: local.readUInt32BE(0),
      prefixLength: message.body.readUInt8(1),
      interfaceIndex: message.body.readUInt32LE(4),
    },
  ];
}

function decodeRoute(message: NetlinkMessage): Route[] {
  if (message.body.length < 12 || message.body[0] !== AF_INET || message.body[7] !== RTN_UNICAST) return [];
  const attributes = decodeAttributes(message.body.subarray(12));
  const destination = attributes.get(RTA_DST);
  return [
    {
      address: destination?.length === 4 ? destination.readUInt32BE(0) : 0,
      prefixLength: message.body.readUInt8(1),
      interfaceIndex: uint32Of(attributes.get(RTA_OIF)),
    },
  ];
}

function ipv4Bytes(address: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return bytes;
}

function macBytes(address: string): Buffer {
  return Buffer.from(address.replaceAll(':', ''), 'hex');
}
