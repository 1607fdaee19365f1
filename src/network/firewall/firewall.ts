import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { Family } from '#network/addresses/ip.ts';
import {
  bytesOfElement,
  type Element,
  elementOfLink,
  elementsOfNetwork,
  elementsOfPort,
  gateTable,
} from '#network/firewall/elements.ts';
import { renderRuleset } from '#network/firewall/ruleset.ts';
import { forgetStrayConnections } from '#network/firewall/stray-connections.ts';
import { bridgeGroup } from '#network/kernel/bridge.ts';
import type { Gate } from '#network/kernel/gate.ts';
import type { OpenPort } from '#network/tables/links.ts';
import { type BridgeNetwork, isBridgeNetwork, type NetworkTable } from '#network/tables/networks.ts';
import type { PortTarget } from '#network/tables/port-targets.ts';
import { hasCode } from '#sys/libc.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { listLinks } from '#sys/netlink-link.ts';
import { changeSetElements } from '#sys/netlink-netfilter.ts';
import { listAddresses } from '#sys/netlink-route.ts';
import type { Nftables } from '#sys/nftables.ts';

/**
 * Our nft table. What it should hold follows from the database alone: a change adds or deletes elements, and when the
 * kernel's table turns out to be different (somebody flushed the ruleset) it is built anew from the database.
 */
export interface Firewall {
  /**
   * Replaces the table by what the database says, in one transaction. Callers that come while one rebuild runs share
   * the next one, which sees what they have written.
   * Connections follow, see `forgetStrays`.
   * @param ports ports that a refused `changePorts` was about
   */
  rebuild(ports?: readonly PortTarget[]): Promise<void>;
  /**
   * Adds or deletes the elements of these ports, all or none; synchronous, about 0.1 ms.
   * @returns false when the table is not what it should be, or being rebuilt; the caller then brings the database up to
   * date and calls `rebuild`
   */
  changePorts(kind: 'add' | 'delete', ports: readonly PortTarget[]): boolean;
  /**
   * After `changePorts`: makes connections follow, see `forgetStrayConnections`. A failure is logged.
   * @param before former ports, of which some may be published still
   * @param after those of the same host ports that are published now
   */
  forgetStrays(before: readonly PortTarget[], after: readonly PortTarget[]): Promise<void>;
  /** The same as `changePorts` for what links open. */
  changeLinks(kind: 'add' | 'delete', links: readonly OpenPort[]): boolean;
  /** The same for a network. */
  changeNetwork(kind: 'add' | 'delete', network: BridgeNetwork): boolean;
  /** From the next rebuild on, what is forwarded between interfaces that are not ours is dropped in these families. */
  dropStrangers(families: readonly Family[]): void;
  remove(): Promise<void>;
}

export interface FirewallParts {
  table: string;
  /** When published ports obey the host's firewall. */
  gate: Gate | undefined;
  networks: NetworkTable;
  /** Every published port of every container. */
  portTargets: () => PortTarget[];
  /** See `PortHolds`. */
  wasReached: (port: PortTarget) => boolean;
  /** Everything that links open. */
  openPorts: () => OpenPort[];
  /** Netlink sockets in the host's network namespace: routing, and netfilter. */
  host: NetlinkSocket;
  netfilter: NetlinkSocket;
  nftables: Nftables;
  log: Log;
}

export function createFirewall(parts: FirewallParts): Firewall {
  const { table, gate, netfilter, log } = parts;
  const elementsOf = (port: PortTarget) => elementsOfPort(port, gate !== undefined);
  let strangersDropped: readonly Family[] = [];

  async function forgetStrays(before: readonly PortTarget[], after: readonly PortTarget[]): Promise<void> {
    const ownAddresses = () => listAddresses(parts.host).map(({ address }) => address);
    try {
      await forgetStrayConnections({ before, after, wasReached: parts.wasReached, ownAddresses });
    } catch (error) {
      log.warn('connections to published ports cannot be forgotten', { error: messageOf(error) });
    }
  }

  async function build(): Promise<void> {
    const networks = parts.networks.list().filter(isBridgeNetwork);
    const elements = [
      ...networks.flatMap(elementsOfNetwork),
      ...parts.portTargets().flatMap(elementsOf),
      ...parts.openPorts().map(elementOfLink),
    ];
    const otherBridges = listLinks(parts.host)
      .filter((link) => link.kind === 'bridge' && link.group !== bridgeGroup && isPlainName(link.name))
      .map((link) => link.name);
    const dropStrangers = strangersDropped;
    await parts.nftables.run(renderRuleset({ table, elements, dropStrangers, otherBridges, gate }));
  }

  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function startBuild(): Promise<void> {
    running = build().finally(() => {
      running = undefined;
    });
    return running;
  }

  function buildAfterRunning(): Promise<void> {
    next ??= Promise.allSettled([running]).then(() => {
      next = undefined;
      // Somebody may have started one in between; it was rendered late enough.
      return running ?? startBuild();
    });
    return next;
  }

  function change(kind: 'add' | 'delete', elements: readonly Element[]): boolean {
    if (elements.length === 0) return true;
    // The running script was rendered before this change and would undo it.
    if (running !== undefined) return false;
    try {
      const bytes = elements.map((element) => bytesOfElement(element, table));
      changeSetElements(netfilter, kind, bytes);
      return true;
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'EBUSY', 'EEXIST')) throw error;
      log.warn('nft table differs from the database', { table, error: messageOf(error) });
      return false;
    }
  }

  return {
    async rebuild(ports = []) {
      await (running === undefined ? startBuild() : buildAfterRunning());
      await forgetStrays(ports, parts.portTargets());
    },
    changePorts: (kind, ports) => change(kind, ports.flatMap(elementsOf)),
    forgetStrays,
    changeLinks: (kind, links) => change(kind, links.map(elementOfLink)),
    changeNetwork: (kind, network) => change(kind, elementsOfNetwork(network)),
    dropStrangers(families) {
      strangersDropped = families;
    },
    async remove() {
      const tables = [`inet ${table}`, `ip ${gateTable(table)}`, `ip6 ${gateTable(table)}`];
      await parts.nftables.run(tables.map((each) => `add table ${each}\ndelete table ${each}\n`).join(''));
    },
  };
}

/** Interface names may hold characters that mean something in a script; such a name is never ours to quote. */
function isPlainName(name: string): boolean {
  return /^[\w.-]+$/.test(name);
}
