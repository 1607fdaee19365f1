import { Buffer } from 'node:buffer';
import { hasCode } from '#sys/libc.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import {
  attribute,
  decodeAttributes,
  type NetlinkRequest,
  textAttribute,
  textOf,
} from '#sys/netlink-message.ts';

/** Looking at nftables chains of other programs, in microseconds. Specification: <linux/netfilter/nf_tables.h>. */
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_GETRULE = 7;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_HANDLE = 3;
const NF_DROP = 0;
const NF_INET_FORWARD = 2;

const families = { ip: 2, ip6: 10, inet: 1 } as const;

export interface ChainName {
  family: keyof typeof families;
  table: string;
  chain: string;
}

/** Whether the chain exists. @throws NetlinkError */
export function hasChain(socket: NetlinkSocket, name: ChainName): boolean {
  return getChain(socket, name) !== undefined;
}

/** Whether the chain exists, is a base chain and drops what no rule has decided on. @throws NetlinkError */
export function dropsByPolicy(socket: NetlinkSocket, name: ChainName): boolean {
  const attributes = getChain(socket, name);
  return attributes !== undefined && isDropping(attributes);
}

function getChain(socket: NetlinkSocket, name: ChainName): Map<number, Buffer> | undefined {
  const request = tablesRequest(
    NFT_MSG_GETCHAIN,
    name.family,
    textAttribute(NFTA_CHAIN_TABLE, name.table),
    textAttribute(NFTA_CHAIN_NAME, name.chain),
  );
  try {
    return decodeAttributes(socket.get(request, `nft chain ${name.chain}`).body.subarray(4));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Whether a rule with this handle stands in the chain. @throws NetlinkError */
export function hasRule(socket: NetlinkSocket, name: ChainName, handle: number): boolean {
  const handleBytes = Buffer.alloc(8);
  handleBytes.writeBigUInt64BE(BigInt(handle));
  const request = tablesRequest(
    NFT_MSG_GETRULE,
    name.family,
    textAttribute(NFTA_RULE_TABLE, name.table),
    textAttribute(NFTA_RULE_CHAIN, name.chain),
    attribute(NFTA_RULE_HANDLE, handleBytes),
  );
  try {
    socket.get(request, `nft rule ${handle}`);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Chains of families ip, ip6 and inet at the forward hook with policy drop. @throws NetlinkError */
export function listDroppingForwardChains(socket: NetlinkSocket): ChainName[] {
  return (['ip', 'ip6', 'inet'] as const).flatMap((family) =>
    socket
      .dump(tablesRequest(NFT_MSG_GETCHAIN, family), 'list nft chains')
      .map((message) => decodeAttributes(message.body.subarray(4)))
      .filter((attributes) => isDropping(attributes) && hookOf(attributes) === NF_INET_FORWARD)
      .map((attributes) => ({
        family,
        table: textOf(attributes.get(NFTA_CHAIN_TABLE)),
        chain: textOf(attributes.get(NFTA_CHAIN_NAME)),
      })),
  );
}

function isDropping(attributes: Map<number, Buffer>): boolean {
  const policy = attributes.get(NFTA_CHAIN_POLICY);
  return policy?.length === 4 && policy.readUInt32BE(0) === NF_DROP;
}

function hookOf(attributes: Map<number, Buffer>): number | undefined {
  const number = decodeAttributes(attributes.get(NFTA_CHAIN_HOOK) ?? Buffer.alloc(0)).get(NFTA_HOOK_HOOKNUM);
  return number?.length === 4 ? number.readUInt32BE(0) : undefined;
}

function tablesRequest(
  message: number,
  family: keyof typeof families,
  ...attributes: Buffer[]
): NetlinkRequest {
  const header = Buffer.of(families[family], 0, 0, 0);
  return {
    type: (NFNL_SUBSYS_NFTABLES << 8) | message,
    flags: 0,
    body: Buffer.concat([header, ...attributes]),
  };
}
