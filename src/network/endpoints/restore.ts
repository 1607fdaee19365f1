import type { EndpointParts } from '#network/endpoints/parts.ts';
import { sweepInterfaces } from '#network/endpoints/sweep.ts';
import { ensureBridge } from '#network/kernel/bridge.ts';
import { ensureForwarding } from '#network/kernel/forwarding.ts';
import { isBridgeNetwork } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-route.ts';

/** Brings kernel and database into agreement; see NetworkService.restore. */
export async function restoreEndpoints(parts: EndpointParts, live: ReadonlySet<string>): Promise<void> {
  const { host, log } = parts;
  const forwarding = ensureForwarding(parts.networks);
  if (forwarding.changed) {
    log.info('switched on net.ipv4.ip_forward; forwarding between other interfaces stays off by nft rules');
  }
  parts.firewall.dropStrangers(forwarding.ours);

  for (const network of parts.networks.list().filter(isBridgeNetwork)) ensureBridge(host, network);
  const rows = parts.endpoints.list();
  parts.database.transaction(() => {
    for (const row of rows) if (!live.has(row.containerId)) parts.endpoints.remove(row.id);
  });
  for (const row of rows) {
    if (!live.has(row.containerId)) {
      parts.holds.release(row.id);
      continue;
    }
    parts.holds.resume(row.id, parts.endpoints.ports(row.id));
    if (row.hostInterface !== '' && findLink(host, row.hostInterface) === undefined) {
      log.warn('interface of a running container is missing; restart the container to connect it again', {
        container: row.containerId,
        interface: row.hostInterface,
      });
    }
  }
  await parts.firewall.rebuild();
  if (!parts.passage.isOpen()) await parts.passage.open();
  parts.passage.warn();
  await sweepInterfaces(parts);
}
