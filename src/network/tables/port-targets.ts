import type { Family, IpAddress } from '#network/addresses/ip.ts';
import type { PublishedPort } from '#network/network.ts';
import type { EndpointRow, EndpointTable } from '#network/tables/endpoints.ts';
import type { NetworkRow, NetworkTable } from '#network/tables/networks.ts';
import type { PortTable } from '#network/tables/ports.ts';

/** A published port together with the addresses that it leads to. */
export interface PortTarget extends PublishedPort {
  addresses: Partial<Record<Family, IpAddress>>;
}

/** For each family, the endpoint that has a container's default route; published ports lead to it. */
export type Gateways = Partial<Record<Family, { endpoint: EndpointRow; network: NetworkRow }>>;

interface Tables {
  networks: Pick<NetworkTable, 'byId' | 'list'>;
  endpoints: Pick<EndpointTable, 'list' | 'ofContainer'>;
  ports: Pick<PortTable, 'list' | 'ofContainer'>;
}

export function gatewaysOf(tables: Tables, containerId: string): Gateways {
  return chooseGateways(tables.endpoints.ofContainer(containerId), (id) => tables.networks.byId(id));
}

/** The highest priority wins, and among equals the network whose name comes first. Internal networks lead nowhere. */
export function chooseGateways(
  endpoints: readonly EndpointRow[],
  networkById: (id: string) => NetworkRow | undefined,
): Gateways {
  const candidates = endpoints
    .flatMap((endpoint) => {
      const network = networkById(endpoint.networkId);
      return network === undefined || network.internal ? [] : [{ endpoint, network }];
    })
    .sort(
      (a, b) =>
        b.endpoint.gatewayPriority - a.endpoint.gatewayPriority || (a.network.name < b.network.name ? -1 : 1),
    );
  const gateways: Gateways = {};
  for (const family of [4, 6] as const) {
    const best = candidates.find(
      ({ endpoint, network }) =>
        endpoint.addresses[family] !== undefined && network.pools[family]?.gateway !== undefined,
    );
    if (best) gateways[family] = best;
  }
  return gateways;
}

export function portTargetsOf(tables: Tables, containerId: string): PortTarget[] {
  const ports = tables.ports.ofContainer(containerId);
  return ports.length === 0 ? [] : aim(ports, gatewaysOf(tables, containerId));
}

/** Every published port of every container. */
export function allPortTargets(tables: Tables): PortTarget[] {
  const networks = new Map(tables.networks.list().map((network) => [network.id, network]));
  const endpoints = Map.groupBy(tables.endpoints.list(), (endpoint) => endpoint.containerId);
  const ports = Map.groupBy(tables.ports.list(), ({ containerId }) => containerId);
  return [...ports].flatMap(([containerId, ofContainer]) =>
    aim(
      ofContainer.map(({ port }) => port),
      chooseGateways(endpoints.get(containerId) ?? [], (id) => networks.get(id)),
    ),
  );
}

function aim(ports: readonly PublishedPort[], gateways: Gateways): PortTarget[] {
  const addresses: PortTarget['addresses'] = {};
  for (const family of [4, 6] as const) {
    const gateway = gateways[family];
    const address = gateway?.endpoint.addresses[family];
    // By macvlan containers are reached without the host, and not from it.
    if (address && gateway.network.driver === 'bridge') addresses[family] = address;
  }
  return ports.map((port) => ({ ...port, addresses }));
}
