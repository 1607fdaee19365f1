import { Buffer } from 'node:buffer';
import { hasCode } from '#sys/libc.ts';
import { dumpInBackground, netlinkProtocols, requestInBackground } from '#sys/netlink.ts';
import {
  attribute,
  decodeAttributes,
  type NetlinkRequest,
  nested,
  uint8Attribute,
  uint32Attribute,
} from '#sys/netlink-message.ts';

/**
 * Entries of the kernel's connection tracking. To look through its table takes the kernel some 20 ms on a large machine, however few
 * entries there are: off the main thread. Specification: <linux/netfilter/nfnetlink_conntrack.h>.
 */
const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const nfprotos = { 4: 2, 6: 10 } as const;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_ID = 12;
const CTA_FILTER = 25;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const addressAttributes = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;
const CTA_FILTER_ORIG_FLAGS = 1;
const CTA_FILTER_REPLY_FLAGS = 2;
const CTA_FILTER_F_PROTO_NUM = 1 << 3;
const CTA_FILTER_F_PROTO_DST_PORT = 1 << 5;
const IPS_SEEN_REPLY = 1 << 1;
const headerBytes = 4;

const protocolNumbers = { tcp: 6, udp: 17 } as const;

/** Some hundred bytes each, and the answers, fit the buffers of a socket. */
const deletionsAtOnce = 256;

export interface ConnectionKind {
  family: 4 | 6;
  protocol: keyof typeof protocolNumbers;
}

/** Valid until the function that it is given to returns. */
export interface TrackedConnection {
  /** Whom the first packet was for. */
  destination: Peer;
  /** Who answers: another one when the packets are translated. */
  responder: Peer;
  answered: boolean;
}

interface Peer {
  /** In network order. */
  address: Uint8Array;
  port: number;
}

/**
 * Forgets the connections of this thread's network namespace that `isUnwanted` picks: their next packets are treated as the first of a
 * connection. One by one, because Linux 6.1 deletes nothing by a filter; those that have ended meanwhile are passed over.
 * @param port of the destination, when all have the same one: spares the kernel telling of others
 * @throws SystemError
 */
export async function forgetConnections(
  kind: ConnectionKind,
  port: number | undefined,
  isUnwanted: (connection: TrackedConnection) => boolean,
): Promise<void> {
  const deletions: NetlinkRequest[] = [];
  const query = queryOf(kind, port);
  await dumpInBackground(netlinkProtocols.netfilter, query, 'tracked connections', ({ body }) => {
    const attributes = decodeAttributes(body.subarray(headerBytes));
    const connection = readConnection(kind, attributes);
    // A kernel that does not know the filter tells of all.
    if (connection && isUnwanted(connection)) deletions.push(deletionOf(kind, attributes));
  });
  for (let start = 0; start < deletions.length; start += deletionsAtOnce) {
    const some = deletions.slice(start, start + deletionsAtOnce);
    try {
      await requestInBackground(netlinkProtocols.netfilter, some, 'forget tracked connections');
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}

function queryOf({ family, protocol }: ConnectionKind, port: number | undefined): NetlinkRequest {
  const tuple = nested(
    CTA_TUPLE_PROTO,
    uint8Attribute(CTA_PROTO_NUM, protocolNumbers[protocol]),
    ...(port === undefined ? [] : [attribute(CTA_PROTO_DST_PORT, bytesOfPort(port))]),
  );
  const flags = CTA_FILTER_F_PROTO_NUM | (port === undefined ? 0 : CTA_FILTER_F_PROTO_DST_PORT);
  const filter = nested(
    CTA_FILTER,
    uint32Attribute(CTA_FILTER_ORIG_FLAGS, flags),
    uint32Attribute(CTA_FILTER_REPLY_FLAGS, 0),
  );
  return {
    type: (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET,
    flags: 0,
    body: Buffer.concat([headerOf(family), nested(CTA_TUPLE_ORIG, tuple), filter]),
  };
}

function deletionOf({ family }: ConnectionKind, attributes: ReadonlyMap<number, Buffer>): NetlinkRequest {
  const key = [CTA_TUPLE_ORIG, CTA_ID].flatMap((type) => {
    const value = attributes.get(type);
    return value === undefined ? [] : [attribute(type, value)];
  });
  const type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE;
  return { type, flags: 0, body: Buffer.concat([headerOf(family), ...key]) };
}

/** undefined when it is of another kind. */
function readConnection(
  kind: ConnectionKind,
  attributes: ReadonlyMap<number, Buffer>,
): TrackedConnection | undefined {
  const destination = readPeer(kind, attributes.get(CTA_TUPLE_ORIG), 'destination');
  const responder = readPeer(kind, attributes.get(CTA_TUPLE_REPLY), 'source');
  if (destination === undefined || responder === undefined) return undefined;
  const status = attributes.get(CTA_STATUS)?.readUInt32BE(0) ?? 0;
  return { destination, responder, answered: (status & IPS_SEEN_REPLY) !== 0 };
}

function readPeer(
  { family, protocol }: ConnectionKind,
  tuple: Buffer | undefined,
  side: 'source' | 'destination',
): Peer | undefined {
  const decode = (bytes: Buffer | undefined) => decodeAttributes(bytes ?? Buffer.alloc(0));
  const parts = decode(tuple);
  const address = decode(parts.get(CTA_TUPLE_IP));
  const ports = decode(parts.get(CTA_TUPLE_PROTO));
  if (ports.get(CTA_PROTO_NUM)?.[0] !== protocolNumbers[protocol]) return undefined;
  const bytes = address.get(addressAttributes[family][side]);
  const port = ports.get(side === 'source' ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT);
  return bytes && port && { address: bytes, port: port.readUInt16BE(0) };
}

function bytesOfPort(port: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(port);
  return bytes;
}

/** struct nfgenmsg: family, version 0, resource id 0 */
function headerOf(family: 4 | 6): Buffer {
  return Buffer.of(nfprotos[family], 0, 0, 0);
}
