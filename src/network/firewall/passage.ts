import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { isBridgeNetwork, type NetworkTable } from '#network/tables/networks.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import {
  type ChainName,
  dropsByPolicy,
  hasRule,
  listDroppingForwardChains,
} from '#sys/netlink-nft-chains.ts';
import type { Nftables } from '#sys/nftables.ts';

/**
 * Passage through other programs' firewalls. A packet must be accepted by every table, and ufw and Docker make the
 * chain FORWARD of iptables drop what they do not know: containers would reach nothing, and with
 * bridge-nf-call-iptables=1 not even one another. As Docker does, two rules for each of our bridges are put at the
 * head of that chain; what may be forwarded is decided by our own table.
 *
 * The other program may come, or flush its chain, at any time: each attach looks (two or three netlink requests,
 * some 10 µs each) and repairs. Chains of other names cannot be repaired, because their order is their owner's;
 * `warn` says so.
 */
export interface Passage {
  /** Whether nothing stands in the way, or our rules do their work. */
  isOpen(): boolean;
  /** Puts the missing rules in place. Concurrent calls share one run. A failure is logged: containers still start. */
  open(): Promise<void>;
  /** Logs other chains that drop by policy. */
  warn(): void;
  /** Takes our rules out again. */
  close(): Promise<void>;
}

export interface PassageParts {
  table: string;
  networks: NetworkTable;
  netfilter: NetlinkSocket;
  nftables: Nftables;
  log: Log;
}

const forward: ChainName = { family: 'ip', table: 'filter', chain: 'FORWARD' };
const chainText = `${forward.family} ${forward.table} ${forward.chain}`;

/** As iptables itself writes `-i <bridge> -j ACCEPT`, so that its programs can read the chain. */
const rulePattern = /^\s*([io]ifname) "([^"]+)" counter(?: packets \d+ bytes \d+)? accept # handle (\d+)$/;

export function createPassage(parts: PassageParts): Passage {
  const { netfilter, nftables, log } = parts;
  /** Handles of our rules by their text; complete once `open` has run. */
  let handles = new Map<string, number>();
  let opening: Promise<void> | undefined;

  function wantedRules(): string[] {
    const bridges = parts.networks.list().filter(isBridgeNetwork);
    return bridges.flatMap(({ bridge }) => [`iifname "${bridge}"`, `oifname "${bridge}"`]);
  }

  async function readHandles(): Promise<Map<string, number>> {
    const wanted = new Set(wantedRules());
    const found = new Map<string, number>();
    for (const line of (await nftables.run(`list chain ${chainText}`)).split('\n')) {
      const [, direction, bridge, handle] = rulePattern.exec(line) ?? [];
      const rule = `${direction} "${bridge}"`;
      if (wanted.has(rule)) found.set(rule, Number(handle));
    }
    return found;
  }

  async function insertMissing(): Promise<void> {
    const present = await readHandles();
    const missing = wantedRules().filter((rule) => !present.has(rule));
    if (missing.length > 0) {
      await nftables.run(missing.map((rule) => `insert rule ${chainText} ${rule} counter accept\n`).join(''));
      log.info('let containers through the iptables chain FORWARD, which drops by policy');
    }
    handles = missing.length > 0 ? await readHandles() : present;
  }

  return {
    isOpen() {
      if (!dropsByPolicy(netfilter, forward)) return true;
      return wantedRules().every((rule) => {
        const handle = handles.get(rule);
        return handle !== undefined && hasRule(netfilter, forward, handle);
      });
    },
    async open() {
      opening ??= insertMissing()
        .catch((error: unknown) => {
          log.warn('the iptables chain FORWARD drops by policy and cannot be changed', {
            error: messageOf(error),
          });
        })
        .finally(() => {
          opening = undefined;
        });
      await opening;
    },
    warn() {
      for (const { family, table, chain } of listDroppingForwardChains(netfilter)) {
        if (table === parts.table || `${family} ${table} ${chain}` === chainText) continue;
        log.warn(
          'an nft chain of another program drops forwarded packets by policy; accept our bridges there',
          {
            family,
            table,
            chain,
          },
        );
      }
    },
    async close() {
      if (!dropsByPolicy(netfilter, forward) && handles.size === 0) return;
      try {
        handles = await readHandles();
        const rules = [...handles.values()].map((handle) => `delete rule ${chainText} handle ${handle}\n`);
        if (rules.length > 0) await nftables.run(rules.join(''));
      } catch (error) {
        log.warn('cannot take our rules out of the iptables chain FORWARD', { error: messageOf(error) });
      }
      handles = new Map();
    },
  };
}
