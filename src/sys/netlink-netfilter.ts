import { Buffer } from 'node:buffer';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { attribute, type NetlinkRequest, nested, netlinkFlags, textAttribute } from '#sys/netlink-message.ts';

/**
 * The part of netfilter that changes with every container: elements of nftables sets. Spoken directly, because libnftables
 * reads all tables, chains and sets of the machine before each command. Specification: <linux/netfilter/nfnetlink.h>,
 * <linux/netfilter/nf_tables.h>.
 */
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFT_MSG_NEWSETELEM = 12;
const NFT_MSG_DELSETELEM = 14;
const nftFamilies = { inet: 1, ip: 2, ip6: 10 } as const;

const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_SET_ELEM_KEY_END = 10;
const NFTA_DATA_VALUE = 1;

/** Elements of one message share a 16-bit attribute length; this many of the largest fit. */
const elementsPerMessage = 256;

export interface SetElement {
  family: keyof typeof nftFamilies;
  table: string;
  set: string;
  /** The key as the kernel keeps it: each field of a concatenation padded to four bytes, network order. */
  key: Buffer;
  /** The other end of an interval; equal to the key's in fields that are no interval. */
  keyEnd?: Buffer;
  /** For maps, when the element is added. */
  value?: Buffer;
}

/**
 * Adds elements to sets and maps, or deletes them, in one transaction: all or none.
 * @throws NetlinkError ENOENT: the table, a set or (deleting) an element does not exist; EEXIST or EBUSY: the key has another value
 */
export function changeSetElements(
  socket: NetlinkSocket,
  change: 'add' | 'delete',
  elements: readonly SetElement[],
): void {
  const groups = Map.groupBy(elements, ({ family, table, set }) => `${family} ${table} ${set}`);
  const messages = [...groups.values()].flatMap((ofSet) =>
    chunks(ofSet, elementsPerMessage).map((chunk) => elementsMessage(change, chunk)),
  );
  if (messages.length === 0) return;
  const batch = [batchMarker(NFNL_MSG_BATCH_BEGIN), ...messages, batchMarker(NFNL_MSG_BATCH_END)];
  socket.requestBatch(batch, messages.length, `${change} elements of nft table ${elements[0]?.table}`);
}

/** @param elements at least one, all of one set */
function elementsMessage(change: 'add' | 'delete', elements: readonly SetElement[]): NetlinkRequest {
  const { family, table, set } = elements[0] as SetElement;
  const adding = change === 'add';
  const list = elements.map(({ key, keyEnd, value }) =>
    nested(
      NFTA_LIST_ELEM,
      nested(NFTA_SET_ELEM_KEY, attribute(NFTA_DATA_VALUE, key)),
      ...(keyEnd ? [nested(NFTA_SET_ELEM_KEY_END, attribute(NFTA_DATA_VALUE, keyEnd))] : []),
      ...(adding && value ? [nested(NFTA_SET_ELEM_DATA, attribute(NFTA_DATA_VALUE, value))] : []),
    ),
  );
  return {
    type: (NFNL_SUBSYS_NFTABLES << 8) | (adding ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM),
    flags: netlinkFlags.acknowledge | (adding ? netlinkFlags.create : 0),
    body: Buffer.concat([
      netfilterHeader(nftFamilies[family], 0),
      textAttribute(NFTA_SET_ELEM_LIST_TABLE, table),
      textAttribute(NFTA_SET_ELEM_LIST_SET, set),
      nested(NFTA_SET_ELEM_LIST_ELEMENTS, ...list),
    ]),
  };
}

function batchMarker(type: number): NetlinkRequest {
  return { type, flags: 0, body: netfilterHeader(0, NFNL_SUBSYS_NFTABLES) };
}

/** struct nfgenmsg: family, version 0, resource id in network order */
function netfilterHeader(family: number, resource: number): Buffer {
  return Buffer.of(family, 0, resource >> 8, resource & 0xff);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}
