import { DhowError } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { createNetwork } from '#network/catalog/create-network.ts';
import { ensureDefaultNetworks, moveAutomaticSubnets } from '#network/catalog/default-networks.ts';
import type { CatalogParts } from '#network/catalog/parts.ts';
import { removeNetwork } from '#network/catalog/remove-network.ts';
import { viewNetwork } from '#network/catalog/view-network.ts';
import { createAnswerQuery } from '#network/dns/answer-query.ts';
import { createAnswerCache } from '#network/dns/cache.ts';
import { createHostNameServers, serversOf } from '#network/dns/name-servers.ts';
import { createResolvers } from '#network/dns/resolvers.ts';
import { createUpstreams } from '#network/dns/upstreams.ts';
import { attachContainer, requireSandbox } from '#network/endpoints/attach.ts';
import { changePorts } from '#network/endpoints/change-ports.ts';
import { connectContainer, disconnectContainer } from '#network/endpoints/connect.ts';
import { deleteInterface, detachContainer } from '#network/endpoints/detach.ts';
import { renameContainer } from '#network/endpoints/rename.ts';
import { restoreEndpoints } from '#network/endpoints/restore.ts';
import { sweepInterfaces } from '#network/endpoints/sweep.ts';
import { unlinkContainers } from '#network/endpoints/unlink.ts';
import { viewEndpoint } from '#network/endpoints/view.ts';
import { createFirewall } from '#network/firewall/firewall.ts';
import { createPassage } from '#network/firewall/passage.ts';
import { watchRules } from '#network/firewall/watch.ts';
import { claimNames } from '#network/kernel/claim-names.ts';
import { ensureGate, gateOf, removeGate } from '#network/kernel/gate.ts';
import { createNamespaceSandbox, openNamespaceSandbox } from '#network/kernel/sandbox.ts';
import type { Endpoint, NetworkStack } from '#network/network.ts';
import { checkSettings, type NetworkSettings } from '#network/network-settings.ts';
import { createPortHolds } from '#network/ports/port-holds.ts';
import { createRelayThread } from '#network/ports/relay-thread.ts';
import { createEndpointTable, type EndpointRow } from '#network/tables/endpoints.ts';
import { createLinkTable } from '#network/tables/links.ts';
import { createNameTable } from '#network/tables/names.ts';
import { createNetworkTable, isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { allPortTargets, gatewaysOf } from '#network/tables/port-targets.ts';
import { createPortTable } from '#network/tables/ports.ts';
import type { Database } from '#store/database.ts';
import type { Poller } from '#sys/epoll.ts';
import { netlinkProtocols, openNetlink } from '#sys/netlink.ts';
import type { Nftables } from '#sys/nftables.ts';

export { networkMigrations } from '#network/migrations.ts';

export interface NetworkParts {
  database: Database;
  settings: NetworkSettings;
  nftables: Nftables;
  /** Tells when the kernel has something to say. */
  poller: Pick<Poller, 'watchReadable'>;
  /** The program of the thread that relays connections; a bundled daemon passes its own file. */
  relayWorkerUrl?: URL;
  log: Log;
  clock: () => Date;
  /** The text of the host's resolv.conf, for name servers. */
  readResolvConf: () => string;
}

/** How long the kernel may take to delete interfaces with their namespaces before we look after it. */
const sweepDelayMs = 5000;

/**
 * Creates the service and, at the first start, the predefined networks' rows. The kernel is touched by `restore`, which
 * must have run before the first `attach`.
 * @throws ResourceExhausted when every predefined subnet overlaps a route of the host; Conflict when another daemon has the bridge or
 * the table
 */
export function createNetworkStack(parts: NetworkParts): NetworkStack {
  const { database, settings, poller, log, nftables, clock } = parts;
  const subnetSources = checkSettings(settings);
  const { table, vethPrefix, ipv6 } = settings;
  const claims = claimNames(settings);
  const networks = createNetworkTable(database);
  const endpoints = createEndpointTable(database);
  const ports = createPortTable(database);
  const host = openNetlink(netlinkProtocols.route);
  const netfilter = openNetlink(netlinkProtocols.netfilter);
  const links = createLinkTable(database);
  const openPorts = () => links.list();
  const portTargets = () => allPortTargets({ networks, endpoints, ports });
  const gate = gateOf(settings.bridge);
  const usedGate = settings.obeyHostFirewall ? gate : undefined;
  const firewall = createFirewall({
    gate: usedGate,
    host,
    table,
    networks,
    portTargets,
    wasReached: (port) => holds.wasReached(port),
    openPorts,
    netfilter,
    nftables,
    log,
  });
  const passage = createPassage({ table, gate: usedGate, networks, netfilter, nftables, log });
  const relayThread = createRelayThread(
    parts.relayWorkerUrl ?? new URL('./relay-worker.ts', import.meta.url),
    log,
  );
  const holds = createPortHolds(
    ports,
    (containerId) => {
      const gateways = gatewaysOf({ networks, endpoints, ports }, containerId);
      return gateways[4]?.endpoint.addresses[4] ?? gateways[6]?.endpoint.addresses[6];
    },
    { poller, thread: relayThread, log },
  );
  const names = createNameTable(database);

  const now = () => performance.now();
  const hostServers = createHostNameServers(parts.readResolvConf, now);
  const answerQuery = createAnswerQuery({
    names,
    cache: createAnswerCache(now),
    upstreams: createUpstreams(now),
    serversOf: (containerId) => serversOf({ networks, endpoints }, containerId, hostServers),
  });
  const resolvers = createResolvers(answerQuery, endpoints, log);
  const verbs: CatalogParts = {
    database,
    networks,
    endpoints,
    ports,
    firewall,
    passage,
    holds,
    names,
    links,
    resolvers,
    host,
    table,
    vethPrefix,
    log,
    clock,
    subnetSources,
    ipv6,
  };
  database.transaction(() => ensureDefaultNetworks(verbs, settings));

  let watch: Disposable | undefined;
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

  function view(row: EndpointRow): Endpoint {
    const container = endpoints.container(row.containerId);
    const network = networks.byId(row.networkId);
    // Foreign keys hold both.
    if (!container || !network) throw new DhowError('Internal', `endpoint ${row.id} has lost its rows`);
    return viewEndpoint(row, network, container);
  }

  return {
    list: () => networks.list().map(viewNetwork),
    get: (nameOrId) => viewNetwork(getRow(nameOrId)),
    async create(request) {
      const { row, warnings } = await createNetwork(verbs, request);
      return { network: viewNetwork(row), warnings };
    },
    async remove(nameOrId) {
      const row = getRow(nameOrId);
      await removeNetwork(verbs, row);
      return viewNetwork(row);
    },
    membersOf: (networkId) => endpoints.ofNetwork(networkId).map(view),

    async createSandbox(namespaceFd) {
      return createNamespaceSandbox(namespaceFd);
    },
    openSandbox: openNamespaceSandbox,
    async attach(request) {
      const rows = request.endpoints.map((endpoint) => getRow(endpoint.network));
      await attachContainer(verbs, rows, request);
      return endpoints.ofContainer(request.container.id).map(view);
    },
    async connect(request) {
      const network = getRow(request.endpoint.network);
      await connectContainer(verbs, network, request);
      const row = endpoints.ofContainer(request.container.id).find((each) => each.networkId === network.id);
      if (!row) throw new DhowError('Internal', `the endpoint on ${network.name} vanished`);
      return view(row);
    },
    async disconnect(containerId, networkId, sandbox) {
      const own = requireSandbox(containerId, sandbox);
      await disconnectContainer(verbs, getRow(networkId), containerId, own);
    },
    async detach(containerId) {
      if (await detachContainer(verbs, containerId, 'leave-interfaces')) sweepLater();
    },
    endpointsOf: (containerId) => endpoints.ofContainer(containerId).map(view),
    portsOf: (containerId) => ports.ofContainer(containerId),
    changePorts: (containerId, change) => changePorts(verbs, containerId, change),
    unlink: (containerId, targetId) => unlinkContainers(verbs, containerId, targetId),
    rename: (containerId, name) => renameContainer(verbs, containerId, name),

    async restore(live) {
      moveAutomaticSubnets(verbs);
      if (settings.obeyHostFirewall) ensureGate(host, gate);
      else removeGate(host, gate);
      await restoreEndpoints(verbs, live);
      watch ??= watchRules({ table, networks, firewall, passage, netfilter, poller, log });
    },
    async teardown() {
      if (endpoints.list().length > 0) {
        throw new DhowError('Conflict', 'cannot remove the networks: containers are attached to them');
      }
      await sweepInterfaces(verbs);
      for (const { interfaceName } of networks.list().filter(isBridgeNetwork)) {
        await deleteInterface(interfaceName);
      }
      watch?.[Symbol.dispose]();
      watch = undefined;
      await passage.close();
      await firewall.remove();
      removeGate(host, gate);
    },
    close() {
      clearTimeout(sweepTimer);
      watch?.[Symbol.dispose]();
      holds.releaseAll();
      relayThread.close();
      resolvers.stopAll();
      host.close();
      netfilter.close();
      claims[Symbol.dispose]();
    },
  };
}
