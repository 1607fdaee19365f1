import { messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { sweepInterfaces, sweepNetworkLinks } from '#network/endpoints/sweep.ts';
import { hasNames } from '#network/endpoints/view.ts';
import { ensureBridge } from '#network/kernel/bridge.ts';
import { ensureForwarding } from '#network/kernel/forwarding.ts';
import { ensureParent } from '#network/kernel/parent.ts';
import { openNamespaceSandbox } from '#network/kernel/sandbox.ts';
import { isBridgeNetwork, isSharingNetwork, type SharingNetwork } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-link.ts';

/** Brings kernel and database into agreement; see NetworkStack.restore. */
export async function restoreEndpoints(
  parts: EndpointParts,
  live: ReadonlyMap<string, string>,
): Promise<void> {
  const { host, log } = parts;
  const networks = parts.networks.list();
  switchForwardingOn(parts);
  await sweepNetworkLinks(parts);
  for (const network of networks.filter(isBridgeNetwork)) ensureBridge(host, parts.table, network);
  for (const network of networks.filter(isSharingNetwork)) restoreParent(parts, network);

  const containers = parts.endpoints.listContainers();
  // Without space they stay until their containers are started again.
  await quietly('forget endpoints of containers that have ended', () =>
    parts.database.transaction(() => {
      for (const { id } of containers) if (!live.has(id)) parts.endpoints.removeContainer(id);
    }),
  )();
  for (const { id } of containers) {
    if (live.has(id)) parts.holds.resume(id, parts.ports.ofContainer(id));
    else parts.holds.release(id);
  }
  for (const [id, path] of live) restartResolver(parts, id, path);
  for (const row of parts.endpoints.list()) {
    if (row.hostInterface !== '' && findLink(host, row.hostInterface) === undefined) {
      log.warn('interface of a running container is missing; restart the container to connect it again', {
        container: row.containerId,
        interface: row.hostInterface,
      });
    }
  }
  await parts.firewall.rebuild();
  if (!networks.filter(isBridgeNetwork).every(({ interfaceName }) => parts.passage.isOpen(interfaceName))) {
    await parts.passage.open();
  }
  parts.passage.warn();
  await sweepInterfaces(parts);
}

/** A network card may be gone for good, or come later. */
function restoreParent(parts: EndpointParts, network: SharingNetwork): void {
  try {
    ensureParent(parts.host, parts.table, network);
  } catch (error) {
    parts.log.warn('the interface that a network shares is missing', {
      network: network.name,
      error: messageOf(error),
    });
  }
}

/** The last daemon's sockets ended with it. */
function restartResolver(parts: EndpointParts, containerId: string, path: string): void {
  const named = parts.endpoints.ofContainer(containerId).some(({ networkId }) => {
    const network = parts.networks.byId(networkId);
    return network !== undefined && hasNames(network);
  });
  if (!named) return;
  try {
    const sandbox = openNamespaceSandbox(path);
    try {
      parts.resolvers.start(containerId, sandbox);
    } finally {
      sandbox.close();
    }
  } catch (error) {
    parts.log.warn('a container is without its resolver; restart it to get one', {
      container: containerId,
      error: messageOf(error),
    });
  }
}

/** IPv4 always, IPv6 when a network has it. The firewall hears what it must hold back. */
export function switchForwardingOn(parts: EndpointParts): { changed: boolean } {
  const wanted = ([4, 6] as const).filter(
    (family) => family === 4 || parts.networks.list().some((network) => network.pools[6] !== undefined),
  );
  const results = wanted.map((family) => ({ family, ...ensureForwarding(parts.networks, family) }));
  for (const { family } of results.filter(({ changed }) => changed)) {
    parts.log.info('switched on forwarding; between other interfaces it stays off by nft rules', { family });
  }
  parts.firewall.dropStrangers(results.filter(({ ours }) => ours).map(({ family }) => family));
  return { changed: results.some(({ changed }) => changed) };
}
