import { netlinkProtocols, openNetlinkMonitor } from '#sys/netlink.ts';
import { decodeAttributes, type NetlinkMessage, textOf } from '#sys/netlink-message.ts';

/** Changes of nftables, by whomever. Specification: <linux/netfilter/nfnetlink.h>, <linux/netfilter/nf_tables.h>. */
const NFNLGRP_NFTABLES = 7;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_DELTABLE = 2;
/** Chains, rules, sets and elements: their deletions, and new versions of chains, which may change the policy. */
const deletions = new Set([5, 8, 11, 14]);
const NFT_MSG_NEWCHAIN = 3;
const families: Readonly<Record<number, NftChange['family']>> = { 1: 'inet', 2: 'ip', 10: 'ip6' };
/** The attribute with the table's name is the same one in all these messages. */
const NFTA_TABLE_NAME = 1;

export interface NftChange {
  family: 'inet' | 'ip' | 'ip6';
  table: string;
  kind: 'table-made' | 'table-deleted' | 'part-deleted' | 'chain-made';
  /** The netlink address of who did it. */
  portId: number;
}

export interface NftMonitor {
  /** Readable when there is something to tell; the caller closes it. */
  readonly fd: number;
  /** undefined: too much has happened to be told. Never waits. @throws SystemError */
  read(): NftChange[] | undefined;
}

/** @throws SystemError */
export function openNftMonitor(): NftMonitor {
  const monitor = openNetlinkMonitor(netlinkProtocols.netfilter, NFNLGRP_NFTABLES);
  return { fd: monitor.fd, read: () => monitor.receive()?.flatMap(toChange) };
}

function toChange({ type, portId, body }: NetlinkMessage): NftChange[] {
  const family = families[body[0] ?? 0];
  const kind = type >> 8 === NFNL_SUBSYS_NFTABLES ? kindOf(type & 0xff) : undefined;
  if (family === undefined || kind === undefined || body.length < 4) return [];
  const table = textOf(decodeAttributes(body.subarray(4)).get(NFTA_TABLE_NAME));
  return [{ family, table, kind, portId }];
}

function kindOf(message: number): NftChange['kind'] | undefined {
  if (message === NFT_MSG_NEWTABLE) return 'table-made';
  if (message === NFT_MSG_DELTABLE) return 'table-deleted';
  if (message === NFT_MSG_NEWCHAIN) return 'chain-made';
  return deletions.has(message) ? 'part-deleted' : undefined;
}
