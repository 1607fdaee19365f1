import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { Gate } from '#network/kernel/gate.ts';
import { isBridgeNetwork, type NetworkTable } from '#network/tables/networks.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import {
  type ChainName,
  dropsByPolicy,
  hasChain,
  hasRule,
  listDroppingForwardChains,
} from '#sys/netlink-nft-chains.ts';
import type { Nftables } from '#sys/nftables.ts';

/**
 * Passage through other programs' firewalls. A packet must be accepted by every table, and ufw and Docker make the
 * chain FORWARD of iptables drop what they do not know: containers would reach nothing, and with
 * bridge-nf-call-iptables=1 not even one another. firewalld refuses what is in none of its zones. As Docker does, two rules
 * for each of our bridges are put at the head of these chains; what may be forwarded is decided by our own table.
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
  gate: Gate | undefined;
  networks: NetworkTable;
  netfilter: NetlinkSocket;
  nftables: Nftables;
  log: Log;
}

interface Barrier extends ChainName {
  /** What the rules leave over is dropped by the chain's policy, if it has that one, or by its last rule in any case. */
  stops: 'by-policy' | 'by-rule';
  /** What of a bridge is to be accepted. */
  rulesOf(bridge: string): string[];
}

/** The chains of iptables, ip6tables and firewalld. */
const forwardBarriers: readonly Barrier[] = [
  { family: 'ip', table: 'filter', chain: 'FORWARD', stops: 'by-policy', rulesOf: bothWays },
  { family: 'ip6', table: 'filter', chain: 'FORWARD', stops: 'by-policy', rulesOf: bothWays },
  { family: 'inet', table: 'firewalld', chain: 'filter_FORWARD', stops: 'by-rule', rulesOf: bothWays },
];

/** firewalld drops what comes by IPv6 through another interface than answers would take, as all does that passes the gate. */
function gateBarrier({ far }: Gate): Barrier {
  const rulesOf = () => [`iifname "${far}"`];
  return { family: 'inet', table: 'firewalld', chain: 'filter_PREROUTING', stops: 'by-rule', rulesOf };
}

/** As iptables itself writes `-i <bridge> -j ACCEPT`, so that its programs can read the chain. */
const rulePattern = /^\s*([io]ifname) "([^"]+)" counter(?: packets \d+ bytes \d+)? accept # handle (\d+)$/;

export function createPassage(parts: PassageParts): Passage {
  const { netfilter, nftables, log, gate } = parts;
  const barriers = gate === undefined ? forwardBarriers : [...forwardBarriers, gateBarrier(gate)];
  /** Handles of our rules by chain and text; complete once `open` has run. */
  let handles = new Map<string, number>();
  let opening: Promise<void> | undefined;
  /** Chains of tables that belong to their program alone (nft's flag `owner`): trying it again and again would help nobody. */
  const closed = new Set<string>();

  function stands(barrier: Barrier): boolean {
    if (closed.has(textOf(barrier))) return false;
    return barrier.stops === 'by-policy' ? dropsByPolicy(netfilter, barrier) : hasChain(netfilter, barrier);
  }

  function bridges(): string[] {
    return parts.networks
      .list()
      .filter(isBridgeNetwork)
      .map((network) => network.interfaceName);
  }

  async function readHandles(chain: Barrier, names: readonly string[]): Promise<Map<string, number>> {
    const wanted = new Set(names.flatMap(chain.rulesOf));
    const found = new Map<string, number>();
    for (const line of (await nftables.run(`list chain ${textOf(chain)}`)).split('\n')) {
      const [, direction, bridge, handle] = rulePattern.exec(line) ?? [];
      const rule = `${direction} "${bridge}"`;
      if (wanted.has(rule)) found.set(keyOf(chain, rule), Number(handle));
    }
    return found;
  }

  /** @returns the handles of all our rules in the chain */
  async function insertMissing(chain: Barrier): Promise<Map<string, number>> {
    const present = await readHandles(chain, bridges());
    const rules = new Set(bridges().flatMap(chain.rulesOf));
    const missing = [...rules].filter((rule) => !present.has(keyOf(chain, rule)));
    if (missing.length === 0) return present;
    const script = missing.map((rule) => `insert rule ${textOf(chain)} ${rule} counter accept\n`).join('');
    await nftables.run(script);
    log.info('let containers through a chain of another firewall', { chain: textOf(chain) });
    return readHandles(chain, bridges());
  }

  async function insertEverywhere(): Promise<void> {
    const current = new Map<string, number>();
    for (const barrier of barriers.filter(stands)) {
      try {
        for (const [key, handle] of await insertMissing(barrier)) current.set(key, handle);
      } catch (error) {
        const message = messageOf(error);
        if (message.includes('Operation not permitted')) closed.add(textOf(barrier));
        log.warn(
          'a chain of another firewall stops containers and cannot be changed; put our bridges into a trusted zone',
          {
            chain: textOf(barrier),
            error: message,
          },
        );
      }
    }
    handles = current;
  }

  return {
    isOpen(bridge) {
      return barriers.every(
        (barrier) =>
          !stands(barrier) ||
          barrier.rulesOf(bridge).every((rule) => {
            const handle = handles.get(keyOf(barrier, rule));
            return handle !== undefined && hasRule(netfilter, barrier, handle);
          }),
      );
    },
    async open() {
      // The running one may have looked before the caller's bridge was there.
      if (opening !== undefined) await opening;
      opening ??= insertEverywhere().finally(() => {
        opening = undefined;
      });
      await opening;
    },
    warn() {
      for (const { family, table, chain } of listDroppingForwardChains(netfilter)) {
        const text = textOf({ family, table, chain });
        if (table === parts.table || barriers.some((known) => textOf(known) === text)) continue;
        log.warn(
          'an nft chain of another program drops forwarded packets by policy; accept our bridges there',
          { family, table, chain },
        );
      }
    },
    async close(some) {
      const names = some ?? bridges();
      // The gate is for all bridges.
      for (const chain of some === undefined ? barriers : forwardBarriers) {
        try {
          const ours = names.flatMap(chain.rulesOf).map((rule) => keyOf(chain, rule));
          if (!stands(chain) && !ours.some((key) => handles.has(key))) continue;
          const found = await readHandles(chain, names);
          const script = [...found.values()].map(
            (handle) => `delete rule ${textOf(chain)} handle ${handle}\n`,
          );
          if (script.length > 0) await nftables.run(script.join(''));
          for (const key of ours) handles.delete(key);
        } catch (error) {
          log.warn('cannot take our rules out of a chain of another firewall', {
            chain: textOf(chain),
            error: messageOf(error),
          });
        }
      }
    },
  };
}

function bothWays(bridge: string): string[] {
  return [`iifname "${bridge}"`, `oifname "${bridge}"`];
}

function textOf({ family, table, chain }: ChainName): string {
  return `${family} ${table} ${chain}`;
}

function keyOf(chain: ChainName, rule: string): string {
  return `${textOf(chain)} ${rule}`;
}
