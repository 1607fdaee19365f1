import { Buffer } from 'node:buffer';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { attribute, type NetlinkRequest, nested, netlinkFlags, textAttribute } from '#sys/netlink-message.ts';

/**
 * Small nft tables of family ip, made without a program: for namespaces of containers, into each of which a program would
 * have to be sent. Only what is used is here. Specification: <linux/netfilter/nf_tables.h>; what a rule looks like, `nft
 * --debug=netlink` shows.
 */
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_NEWRULE = 6;
const NFPROTO_IPV4 = 2;
const NLM_F_APPEND = 0x800;

const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_DATA_VALUE = 1;

const hooks = { prerouting: 0, output: 3 } as const;
/** Before connection tracking. */
const priorityRaw = -300;
const bases = { network: 1, transport: 2 } as const;
const register = 1;

/** Attributes of one expression, as they lie in a rule. */
export type Expression = Buffer;

export interface SmallChain {
  name: string;
  hook: keyof typeof hooks;
  rules: readonly (readonly Expression[])[];
}

/**
 * Makes a table with these chains, in one transaction.
 *
 * Replacing deletes, and closing a socket waits until the kernel has cleared away what was deleted: 10 to 20 ms. Close it
 * in the background then.
 * @throws NetlinkError EEXIST when the table is to be `new` and is there already
 */
export function makeTable(
  socket: NetlinkSocket,
  table: string,
  chains: readonly SmallChain[],
  how: 'new' | 'replaced',
): void {
  const tableName = textAttribute(NFTA_TABLE_NAME, table);
  const create = netlinkFlags.create;
  const requests = [
    ...(how === 'new'
      ? []
      : [request(NFT_MSG_NEWTABLE, create, tableName), request(NFT_MSG_DELTABLE, 0, tableName)]),
    request(NFT_MSG_NEWTABLE, create | netlinkFlags.exclusive, tableName),
    ...chains.flatMap(({ name, hook, rules }) => [
      request(
        NFT_MSG_NEWCHAIN,
        create,
        textAttribute(NFTA_CHAIN_TABLE, table),
        textAttribute(NFTA_CHAIN_NAME, name),
        nested(
          NFTA_CHAIN_HOOK,
          uint32(NFTA_HOOK_HOOKNUM, hooks[hook]),
          uint32(NFTA_HOOK_PRIORITY, priorityRaw),
        ),
        textAttribute(NFTA_CHAIN_TYPE, 'filter'),
      ),
      ...rules.map((expressions) =>
        request(
          NFT_MSG_NEWRULE,
          create | NLM_F_APPEND,
          textAttribute(NFTA_RULE_TABLE, table),
          textAttribute(NFTA_RULE_CHAIN, name),
          nested(NFTA_RULE_EXPRESSIONS, ...expressions.map((each) => nested(NFTA_LIST_ELEM, each))),
        ),
      ),
    ]),
  ];
  const batch = [marker(NFNL_MSG_BATCH_BEGIN), ...requests, marker(NFNL_MSG_BATCH_END)];
  socket.requestBatch(batch, requests.length, `nft table ${table}`);
}

/** Loads bytes of a header, to be compared by `equals`. */
export function payload(base: keyof typeof bases, offset: number, length: number): Expression {
  return expression(
    'payload',
    uint32(1, register),
    uint32(2, bases[base]),
    uint32(3, offset),
    uint32(4, length),
  );
}

/** Loads the number of the transport protocol. */
export function metaProtocol(): Expression {
  const NFT_META_L4PROTO = 16;
  return expression('meta', uint32(2, NFT_META_L4PROTO), uint32(1, register));
}

/** The rule goes on when what was loaded is this. */
export function equals(value: Uint8Array): Expression {
  const NFT_CMP_EQ = 0;
  return expression(
    'cmp',
    uint32(1, register),
    uint32(2, NFT_CMP_EQ),
    nested(3, attribute(NFTA_DATA_VALUE, value)),
  );
}

/** Writes bytes into a header, and puts the checksum right that lies at an offset of the transport header. */
export function setPayload(
  base: keyof typeof bases,
  offset: number,
  value: Uint8Array,
  checksumOffset: number,
): Expression[] {
  const NFT_PAYLOAD_CSUM_INET = 1;
  return [
    expression('immediate', uint32(1, register), nested(2, attribute(NFTA_DATA_VALUE, value))),
    expression(
      'payload',
      uint32(5, register),
      uint32(2, bases[base]),
      uint32(3, offset),
      uint32(4, value.length),
      uint32(6, NFT_PAYLOAD_CSUM_INET),
      uint32(7, checksumOffset),
    ),
  ];
}

function expression(name: string, ...data: Buffer[]): Expression {
  return Buffer.concat([textAttribute(NFTA_EXPR_NAME, name), nested(NFTA_EXPR_DATA, ...data)]);
}

/** Numbers inside nftables attributes are in network order. */
function uint32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return attribute(type, bytes);
}

function request(message: number, flags: number, ...attributes: Buffer[]): NetlinkRequest {
  return {
    type: (NFNL_SUBSYS_NFTABLES << 8) | message,
    flags: flags | netlinkFlags.acknowledge,
    body: Buffer.concat([Buffer.of(NFPROTO_IPV4, 0, 0, 0), ...attributes]),
  };
}

function marker(type: number): NetlinkRequest {
  return { type, flags: 0, body: Buffer.of(0, 0, 0, NFNL_SUBSYS_NFTABLES) };
}
