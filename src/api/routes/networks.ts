import { Filters } from '#api/decode/filters.ts';
import { encodeNetwork } from '#api/encode/networks.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import type { Engine } from '#engine/engine.ts';
import type { NetworkRecord } from '#network/network.ts';

const filterNames = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

export function networkRoutes(engine: Pick<Engine, 'networks' | 'containers'>): Route[] {
  const { networks, containers } = engine;

  function membersOf(network: NetworkRecord) {
    return containers
      .list()
      .flatMap(({ name, endpoints }) => endpoints.map((endpoint) => ({ name, endpoint })))
      .filter(({ endpoint }) => endpoint.networkId === network.id);
  }

  function list(exchange: Exchange): void {
    const filters = Filters.parse(exchange.query.text('filters'), filterNames);
    const dangling = filters.flag('dangling');
    const found = networks
      .list()
      .filter(
        (network) =>
          filters.some('name', (name) => network.name.includes(name)) &&
          filters.some('id', (id) => network.id.includes(id)) &&
          filters.some('driver', (driver) => driver === encodeNetwork(network).Driver) &&
          filters.some('scope', (scope) => scope === 'local') &&
          filters.some('type', (type) => type === (isBuiltIn(network) ? 'builtin' : 'custom')) &&
          filters.labels(network.labels) &&
          (dangling === undefined || dangling === (!isBuiltIn(network) && membersOf(network).length === 0)),
      );
    exchange.sendJson(
      200,
      found.map((network) => encodeNetwork(network)),
    );
  }

  function inspect(exchange: Exchange): void {
    const network = networks.get(exchange.parameter('id'));
    exchange.sendJson(200, encodeNetwork(network, membersOf(network)));
  }

  return [
    { method: 'GET', path: '/networks', handler: list },
    { method: 'GET', path: '/networks/{id}', handler: inspect },
  ];
}

function isBuiltIn(network: NetworkRecord): boolean {
  return ['bridge', 'host', 'none'].includes(network.name);
}
