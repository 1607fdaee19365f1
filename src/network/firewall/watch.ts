import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { gateTable } from '#network/firewall/elements.ts';
import type { Firewall } from '#network/firewall/firewall.ts';
import type { Passage } from '#network/firewall/passage.ts';
import { isBridgeNetwork, type NetworkTable } from '#network/tables/networks.ts';
import type { Poller } from '#sys/epoll.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { type NftChange, openNftMonitor } from '#sys/netlink-nft-monitor.ts';

export interface WatchParts {
  table: string;
  networks: NetworkTable;
  firewall: Firewall;
  passage: Passage;
  /** The socket by which the room itself changes elements. */
  netfilter: NetlinkSocket;
  poller: Pick<Poller, 'watchReadable'>;
  log: Log;
}

/** What is told of one transaction may come in parts. */
const settleMs = 20;
/** At most one repair in this time: another program may undo it each time. */
const pauseMs = 1000;

/**
 * Repairs what other programs do to our rules, as soon as the kernel tells of it: a flush of the whole ruleset (the usual
 * way to load /etc/nftables.conf), or a restart of a firewall that makes its chains anew.
 */
export function watchRules(parts: WatchParts): Disposable {
  const { table, firewall, passage, poller, log } = parts;
  const monitor = openNftMonitor();
  let closed = false;
  let damaged = false;
  let narrowed = false;
  let repairing = false;

  async function repair(): Promise<void> {
    await delay(settleMs, undefined, { ref: false });
    while (!closed && (damaged || narrowed)) {
      try {
        if (damaged) {
          log.warn('another program has changed our nft table; it is made anew', { table });
          damaged = false;
          await firewall.rebuild();
        }
        narrowed = false;
        const bridges = parts.networks.list().filter(isBridgeNetwork);
        if (!bridges.every(({ interfaceName }) => passage.isOpen(interfaceName))) await passage.open();
      } catch (error) {
        log.error('nft rules could not be repaired', { error: messageOf(error) });
      }
      await delay(pauseMs, undefined, { ref: false });
    }
  }

  const watch = poller.watchReadable(monitor.fd, () => {
    if (closed) return;
    const changes = monitor.read();
    const own = parts.netfilter.portId();
    damaged = changes === undefined || isDamaged(damaged, changes, table, own);
    narrowed ||= (changes ?? []).some(concernsPassage);
    watch.resume();
    if (repairing || !(damaged || narrowed)) return;
    repairing = true;
    const done = () => {
      repairing = false;
    };
    repair().then(done, done);
  });
  watch.resume();
  return {
    [Symbol.dispose]() {
      if (!closed) watch.close();
      closed = true;
    },
  };
}

/** A rebuild of ours deletes the table and makes it in one transaction: what counts is the end. */
function isDamaged(before: boolean, changes: readonly NftChange[], table: string, own: number): boolean {
  let damaged = before;
  for (const change of changes) {
    const ours = change.family === 'inet' ? change.table === table : change.table === gateTable(table);
    if (!ours || change.portId === own) continue;
    if (change.kind === 'table-made') damaged = false;
    if (change.kind === 'table-deleted' || change.kind === 'part-deleted') damaged = true;
  }
  return damaged;
}

/** The tables of iptables and firewalld, see `Passage`. */
function concernsPassage({ family, table }: NftChange): boolean {
  return family === 'inet' ? table === 'firewalld' : table === 'filter';
}
