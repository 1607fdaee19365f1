import { Buffer } from 'node:buffer';
import type { NetlinkSocket } from '#sys/netlink.ts';
import {
  attribute,
  decodeAttributes,
  type NetlinkMessage,
  type NetlinkRequest,
  netlinkFlags,
  uint32Attribute,
  uint32Of,
} from '#sys/netlink-message.ts';

/**
 * Addresses and routes: requests as values, to be sent together with `socket.request([...])`, and dumps.
 * An address is its bytes in network order: four for IPv4, sixteen for IPv6. Specification: rtnetlink(7).
 */
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_F_NODAD = 0x02;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;

const AF_INET = 2;
const AF_INET6 = 10;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;

export interface InterfaceAddress {
  address: Uint8Array;
  prefixLength: number;
  interfaceIndex: number;
}

export interface Route {
  /** Destination; all zero for the default route. */
  address: Uint8Array;
  prefixLength: number;
  interfaceIndex: number | undefined;
}

/** IPv6 addresses are used at once: nobody else on a bridge of ours may have one, so there is no duplicate to detect. */
export function newAddress(address: InterfaceAddress): NetlinkRequest {
  const bytes = Buffer.from(address.address);
  const broadcast = broadcastOf(bytes, address.prefixLength);
  return {
    type: RTM_NEWADDR,
    flags: netlinkFlags.create | netlinkFlags.replace,
    body: Buffer.concat([
      addressHeader(address, IFA_F_NODAD),
      attribute(IFA_LOCAL, bytes),
      attribute(IFA_ADDRESS, bytes),
      ...(broadcast === undefined ? [] : [attribute(IFA_BROADCAST, broadcast)]),
    ]),
  };
}

export function deleteAddress(address: InterfaceAddress): NetlinkRequest {
  return {
    type: RTM_DELADDR,
    flags: 0,
    body: Buffer.concat([addressHeader(address, 0), attribute(IFA_LOCAL, address.address)]),
  };
}

/** @param gateway on the network of the interface; undefined: everything is on the link itself */
export function newDefaultRoute(
  family: 4 | 6,
  gateway: Uint8Array | undefined,
  interfaceIndex: number,
): NetlinkRequest {
  return {
    type: RTM_NEWROUTE,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    body: Buffer.concat([
      routeHeader(family, gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE),
      ...(gateway === undefined ? [] : [attribute(RTA_GATEWAY, gateway)]),
      uint32Attribute(RTA_OIF, interfaceIndex),
    ]),
  };
}

export function deleteDefaultRoute(family: 4 | 6, interfaceIndex: number): NetlinkRequest {
  return {
    type: RTM_DELROUTE,
    flags: 0,
    // RT_SCOPE_NOWHERE: of any scope.
    body: Buffer.concat([routeHeader(family, 255), uint32Attribute(RTA_OIF, interfaceIndex)]),
  };
}

/** Addresses of all links, of both families. */
export function listAddresses(socket: NetlinkSocket): InterfaceAddress[] {
  const body = Buffer.alloc(8);
  return socket.dump({ type: RTM_GETADDR, flags: 0, body }, 'list addresses').flatMap(decodeAddress);
}

/** Unicast routes of every table. */
export function listRoutes(socket: NetlinkSocket, family: 4 | 6): Route[] {
  const body = Buffer.alloc(12);
  body[0] = familyNumber(family);
  return socket.dump({ type: RTM_GETROUTE, flags: 0, body }, 'list routes').flatMap(decodeRoute);
}

/** struct ifaddrmsg */
function addressHeader(address: InterfaceAddress, flags: number): Buffer {
  const six = address.address.length === 16;
  const header = Buffer.of(six ? AF_INET6 : AF_INET, address.prefixLength, six ? flags : 0, 0, 0, 0, 0, 0);
  header.writeUInt32LE(address.interfaceIndex, 4);
  return header;
}

/** struct rtmsg of a default route */
function routeHeader(family: 4 | 6, scope: number): Buffer {
  return Buffer.of(familyNumber(family), 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, scope, RTN_UNICAST, 0, 0, 0, 0);
}

function familyNumber(family: 4 | 6): number {
  return family === 4 ? AF_INET : AF_INET6;
}

function broadcastOf(address: Buffer, prefixLength: number): Buffer | undefined {
  if (address.length !== 4 || prefixLength > 30) return undefined;
  const broadcast = Buffer.alloc(4);
  broadcast.writeUInt32BE((address.readUInt32BE(0) | (2 ** (32 - prefixLength) - 1)) >>> 0);
  return broadcast;
}

function decodeAddress(message: NetlinkMessage): InterfaceAddress[] {
  if (message.body.length < 8) return [];
  const attributes = decodeAttributes(message.body.subarray(8));
  const local = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (local === undefined || local.length !== addressLength(message.body[0])) return [];
  return [
    {
      address: local,
      prefixLength: message.body.readUInt8(1),
      interfaceIndex: message.body.readUInt32LE(4),
    },
  ];
}

function decodeRoute(message: NetlinkMessage): Route[] {
  const length = addressLength(message.body[0]);
  if (message.body.length < 12 || length === 0 || message.body[7] !== RTN_UNICAST) return [];
  const attributes = decodeAttributes(message.body.subarray(12));
  const destination = attributes.get(RTA_DST);
  return [
    {
      address: destination?.length === length ? destination : Buffer.alloc(length),
      prefixLength: message.body.readUInt8(1),
      interfaceIndex: uint32Of(attributes.get(RTA_OIF)),
    },
  ];
}

/** 0 for another family than the two of the Internet. */
function addressLength(family: number | undefined): number {
  if (family === AF_INET) return 4;
  return family === AF_INET6 ? 16 : 0;
}
