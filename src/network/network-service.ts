import { randomBytes } from 'node:crypto';
import { DhowError } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { chooseFreeSubnet } from '#network/addresses/choose-free-subnet.ts';
import { formatIpv4, formatSubnet } from '#network/addresses/ipv4.ts';
import { attachEndpoint } from '#network/endpoints/attach.ts';
import { deleteInterface, detachEndpoint } from '#network/endpoints/detach.ts';
import { moveDefaultSubnet } from '#network/endpoints/move-default-subnet.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { restoreEndpoints } from '#network/endpoints/restore.ts';
import { sweepInterfaces } from '#network/endpoints/sweep.ts';
import { viewEndpoint } from '#network/endpoints/view.ts';
import { createFirewall } from '#network/firewall/firewall.ts';
import { createPassage } from '#network/firewall/passage.ts';
import { defaultMtu } from '#network/kernel/bridge.ts';
import { createNamespaceSandbox } from '#network/kernel/sandbox.ts';
import type { NetworkRecord, NetworkService } from '#network/network.ts';
import { createPortHolds } from '#network/ports/port-holds.ts';
import { createEndpointTable } from '#network/tables/endpoints.ts';
import {
  createNetworkTable,
  isBridgeNetwork,
  type NetworkRow,
  type NetworkTable,
} from '#network/tables/networks.ts';
import type { Database } from '#store/database.ts';
import { type NetlinkSocket, netlinkProtocols, openNetlink } from '#sys/netlink.ts';
import { maximumInterfaceNameLength } from '#sys/netlink-route.ts';
import type { Nftables } from '#sys/nftables.ts';

export { networkMigration } from '#network/migrations.ts';

/** Names in the kernel, which all processes of a machine share: a second daemon needs its own. */
export interface NetworkNames {
  /** Bridge of the default network, at most 15 characters. */
  bridge: string;
  /** nft table of family inet. */
  table: string;
  /** Begin of the names of host-side interfaces; at most 8 characters, the rest is random. */
  vethPrefix: string;
  /** Candidates for the default network's subnet, in order; the first that overlaps no route of the host is taken. */
  subnets: readonly string[];
}

/**
 * A subnet of 1,021 container addresses: a Linux bridge takes 1,023 interfaces, so a larger one would promise what
 * the kernel refuses. It lies where Docker's default network lies, because scripts know its gateway, 172.17.0.1.
 */
export const defaultNames: NetworkNames = {
  bridge: 'dhow0',
  table: 'dhow',
  vethPrefix: 'veth',
  subnets: [
    ...Array.from({ length: 15 }, (_, index) => `172.${17 + index}.0.0/22`),
    ...Array.from({ length: 16 }, (_, index) => `10.${200 + index}.0.0/22`),
    ...Array.from({ length: 16 }, (_, index) => `192.168.${index * 16}.0/22`),
  ],
};

export interface NetworkParts {
  database: Database;
  names: NetworkNames;
  nftables: Nftables;
  log: Log;
  clock: () => Date;
}

/** How long the kernel may take to delete interfaces with their namespaces before we look after it. */
const sweepDelayMs = 5000;

/**
 * Creates the service and, at the first start, the default networks' rows. The kernel is touched by `restore`, which
 * must have run before the first `attach`.
 * @throws ResourceExhausted when every candidate subnet overlaps a route of the host
 */
export function createNetworkService(parts: NetworkParts): NetworkService {
  const { database, names, log } = parts;
  checkNames(names);
  const networks = createNetworkTable(database);
  const endpoints = createEndpointTable(database);
  const host = openNetlink(netlinkProtocols.route);
  const netfilter = openNetlink(netlinkProtocols.netfilter);
  const firewall = createFirewall({
    host,
    table: names.table,
    networks,
    endpoints,
    netfilter,
    nftables: parts.nftables,
    log,
  });
  const passage = createPassage({ table: names.table, networks, netfilter, nftables: parts.nftables, log });
  const holds = createPortHolds(endpoints, log);
  const { vethPrefix } = names;
  const verbs: EndpointParts = {
    database,
    networks,
    endpoints,
    firewall,
    passage,
    holds,
    host,
    vethPrefix,
    log,
  };
  database.transaction(() => insertDefaultNetworks(parts, networks, host));

  let sweepTimer: NodeJS.Timeout | undefined;
  function sweepLater(): void {
    sweepTimer ??= setTimeout(() => {
      sweepTimer = undefined;
      sweepInterfaces(verbs).catch((error: unknown) => log.error('sweep failed', { error: String(error) }));
    }, sweepDelayMs).unref();
  }

  function getRow(nameOrId: string): NetworkRow {
    const named = networks.byName(nameOrId);
    if (named) return named;
    const [first, second] = nameOrId === '' ? [] : networks.byIdPrefix(nameOrId);
    if (first === undefined) throw new DhowError('NotFound', `network ${nameOrId} not found`);
    if (second !== undefined) {
      throw new DhowError('InvalidParameter', `network id prefix "${nameOrId}" is ambiguous`);
    }
    return first;
  }

  return {
    list: () => networks.list().map(toRecord),
    get: (nameOrId) => toRecord(getRow(nameOrId)),

    async createSandbox() {
      return createNamespaceSandbox();
    },
    attach: async (request) => attachEndpoint(verbs, getRow(request.network), request),
    async detach(containerId) {
      const rows = endpoints.ofContainer(containerId);
      for (const row of rows) await detachEndpoint(verbs, row, 'leave-interface');
      if (rows.some((row) => row.hostInterface !== '')) sweepLater();
    },
    endpointsOf(containerId) {
      return endpoints
        .ofContainer(containerId)
        .map((row) => viewEndpoint(row, getRow(row.networkId), endpoints.ports(row.id)));
    },

    async restore(live) {
      moveDefaultSubnet(verbs, names.subnets);
      await restoreEndpoints(verbs, live);
    },
    async teardown() {
      if (endpoints.list().length > 0) {
        throw new DhowError('Conflict', 'cannot remove the networks: containers are attached to them');
      }
      await sweepInterfaces(verbs);
      for (const network of networks.list().filter(isBridgeNetwork)) await deleteInterface(network.bridge);
      await passage.close();
      await firewall.remove();
    },
    close() {
      clearTimeout(sweepTimer);
      holds.releaseAll();
      host.close();
      netfilter.close();
    },
  };
}

function checkNames(names: NetworkNames): void {
  const valid =
    /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(names.bridge) &&
    names.bridge.length <= maximumInterfaceNameLength &&
    /^[a-zA-Z][a-zA-Z0-9_]*$/.test(names.table) &&
    /^[a-zA-Z][a-zA-Z0-9]{0,7}$/.test(names.vethPrefix);
  if (!valid) throw new DhowError('InvalidParameter', `invalid kernel names ${JSON.stringify(names)}`);
}

function insertDefaultNetworks(parts: NetworkParts, networks: NetworkTable, host: NetlinkSocket): void {
  if (networks.list().length > 0) return;
  const common = { createdAt: parts.clock().getTime(), lastAddress: undefined, labels: {} };
  const subnet = chooseFreeSubnet(host, parts.names.subnets);
  const { bridge } = parts.names;
  networks.insert({
    ...common,
    id: newId(),
    name: 'bridge',
    driver: 'bridge',
    bridge,
    subnet,
    gateway: subnet.address + 1,
    options: {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      'com.docker.network.bridge.name': bridge,
      'com.docker.network.driver.mtu': String(defaultMtu),
    },
  });
  for (const driver of ['host', 'none'] as const) {
    const addressing = { bridge: undefined, subnet: undefined, gateway: undefined };
    networks.insert({ ...common, ...addressing, id: newId(), name: driver, driver, options: {} });
  }
}

function newId(): string {
  return randomBytes(32).toString('hex');
}

function toRecord(row: NetworkRow): NetworkRecord {
  return {
    id: row.id,
    name: row.name,
    driver: row.driver,
    createdAt: new Date(row.createdAt),
    ...(row.bridge === undefined ? {} : { bridge: row.bridge }),
    ...(row.subnet === undefined ? {} : { subnet: formatSubnet(row.subnet) }),
    ...(row.gateway === undefined ? {} : { gateway: formatIpv4(row.gateway) }),
    options: row.options,
    labels: row.labels,
  };
}
