import { contains, parseIp } from '#network/addresses/ip.ts';
import { nameServersOf } from '#network/resolv-conf.ts';
import type { EndpointTable } from '#network/tables/endpoints.ts';
import type { NetworkTable } from '#network/tables/networks.ts';
import { chooseGateways } from '#network/tables/port-targets.ts';

/** The host may get other servers at any time, by DHCP or a VPN. */
const rereadMs = 2000;

/**
 * The name servers of the host, asked from the host: those on its loopback are reached too.
 * @param now milliseconds of a clock that only goes forward
 */
export function createHostNameServers(readResolvConf: () => string, now: () => number): () => string[] {
  let servers: string[] = [];
  let readAt = -Infinity;
  return () => {
    if (now() - readAt > rereadMs) {
      servers = nameServersOf(readResolvConf());
      readAt = now();
    }
    return servers;
  };
}

/**
 * Whom a container's resolver asks. A container without a way out must not get one by way of its queries: for it only
 * servers count that lie on its own networks.
 */
export function serversOf(
  tables: { networks: NetworkTable; endpoints: EndpointTable },
  containerId: string,
  hostServers: () => string[],
): readonly string[] {
  const wished = tables.endpoints.container(containerId)?.nameServers ?? [];
  const endpoints = tables.endpoints.ofContainer(containerId);
  const gateways = chooseGateways(endpoints, (id) => tables.networks.byId(id));
  if (gateways[4] ?? gateways[6]) return wished.length > 0 ? wished : hostServers();
  const subnets = endpoints.flatMap(({ networkId }) =>
    Object.values(tables.networks.byId(networkId)?.pools ?? {}).map(({ subnet }) => subnet),
  );
  return wished.filter((text) => {
    const address = parseIp(text);
    return address !== undefined && subnets.some((subnet) => contains(subnet, address));
  });
}
