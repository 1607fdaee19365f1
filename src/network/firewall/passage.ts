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
 * head of that chain, of IPv4 and of IPv6; what may be forwarded is decided by our own table.
 *
 * The other program may come, or flush its chain, at any time: each attach looks (a few netlink requests for its own
 * bridge, some 10 µs each) and repairs. Chains of other names cannot be repaired, because their order is their owner's;
 * `warn` says so.
 */
export interface Passage {
  /** Whether nothing stands in the way of a bridge, or our rules do their work. */
  isOpen(bridge: string): boolean;
  /**
   * Puts the missing rules of all bridges in place. Concurrent calls share one run. A failure is logged: containers
   * still start.
   */
  open(): Promise<void>;
  /** Logs other chains that drop by policy. */
  warn(): void;
  /** Takes the rules of these bridges out again; without names those of all. */
  close(bridges?: readonly string[]): Promise<void>;
}

export interface PassageParts {
  table: string;
  networks: NetworkTable;
  netfilter: NetlinkSocket;
  nftables: Nftables;
  log: Log;
}

/** The chains of iptables and of ip6tables. */
const chains: readonly ChainName[] = [
  { family: 'ip', table: 'filter', chain: 'FORWARD' },
  { family: 'ip6', table: 'filter', chain: 'FORWARD' },
];

/** As iptables itself writes `-i <bridge> -j ACCEPT`, so that its programs can read the chain. */
const rulePattern = /^\s*([io]ifname) "([^"]+)" counter(?: packets \d+ bytes \d+)? accept # handle (\d+)$/;

export function createPassage(parts: PassageParts): Passage {
  const { netfilter, nftables, log } = parts;
  /** Handles of our rules by chain and text; complete once `open` has run. */
  let handles = new Map<string, number>();
  let opening: Promise<void> | undefined;

  function bridges(): string[] {
    return parts.networks
      .list()
      .filter(isBridgeNetwork)
      .map((network) => network.interfaceName);
  }

  async function readHandles(chain: ChainName, names: readonly string[]): Promise<Map<string, number>> {
    const wanted = new Set(names.flatMap(rulesOf));
    const found = new Map<string, number>();
    for (const line of (await nftables.run(`list chain ${textOf(chain)}`)).split('\n')) {
      const [, direction, bridge, handle] = rulePattern.exec(line) ?? [];
      const rule = `${direction} "${bridge}"`;
      if (wanted.has(rule)) found.set(keyOf(chain, rule), Number(handle));
    }
    return found;
  }

  async function insertMissing(): Promise<void> {
    const current = new Map<string, number>();
    for (const chain of chains.filter((name) => dropsByPolicy(netfilter, name))) {
      let present = await readHandles(chain, bridges());
      const missing = bridges()
        .flatMap(rulesOf)
        .filter((rule) => !present.has(keyOf(chain, rule)));
      if (missing.length > 0) {
        const script = missing
          .map((rule) => `insert rule ${textOf(chain)} ${rule} counter accept\n`)
          .join('');
        await nftables.run(script);
        log.info('let containers through a chain of iptables that drops by policy', { chain: textOf(chain) });
        present = await readHandles(chain, bridges());
      }
      for (const [key, handle] of present) current.set(key, handle);
    }
    handles = current;
  }

  return {
    isOpen(bridge) {
      return chains.every(
        (chain) =>
          !dropsByPolicy(netfilter, chain) ||
          rulesOf(bridge).every((rule) => {
            const handle = handles.get(keyOf(chain, rule));
            return handle !== undefined && hasRule(netfilter, chain, handle);
          }),
      );
    },
    async open() {
      // The running one may have looked before the caller's bridge was there.
      if (opening !== undefined) await opening;
      opening ??= insertMissing()
        .catch((error: unknown) => {
          log.warn('a chain of iptables drops by policy and cannot be changed', { error: messageOf(error) });
        })
        .finally(() => {
          opening = undefined;
        });
      await opening;
    },
    warn() {
      for (const { family, table, chain } of listDroppingForwardChains(netfilter)) {
        const text = textOf({ family, table, chain });
        if (table === parts.table || chains.some((known) => textOf(known) === text)) continue;
        log.warn(
          'an nft chain of another program drops forwarded packets by policy; accept our bridges there',
          { family, table, chain },
        );
      }
    },
    async close(names = bridges()) {
      for (const chain of chains) {
        try {
          const ours = names.flatMap(rulesOf).map((rule) => keyOf(chain, rule));
          if (!dropsByPolicy(netfilter, chain) && !ours.some((key) => handles.has(key))) continue;
          const found = await readHandles(chain, names);
          const script = [...found.values()].map(
            (handle) => `delete rule ${textOf(chain)} handle ${handle}\n`,
          );
          if (script.length > 0) await nftables.run(script.join(''));
          for (const key of ours) handles.delete(key);
        } catch (error) {
          log.warn('cannot take our rules out of a chain of iptables', {
            chain: textOf(chain),
            error: messageOf(error),
          });
        }
      }
    },
  };
}

function rulesOf(bridge: string): string[] {
  return [`iifname "${bridge}"`, `oifname "${bridge}"`];
}

function textOf({ family, table, chain }: ChainName): string {
  return `${family} ${table} ${chain}`;
}

function keyOf(chain: ChainName, rule: string): string {
  return `${textOf(chain)} ${rule}`;
}
