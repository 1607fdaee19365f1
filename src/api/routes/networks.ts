import { Fields } from '#api/decode/fields.ts';
import { Filters } from '#api/decode/filters.ts';
import { decodeNetworkCreate } from '#api/decode/network-create.ts';
import { decodeEndpoint } from '#api/decode/networking.ts';
import { decodeUntil } from '#api/decode/timestamps.ts';
import { encodeNetwork } from '#api/encode/networks.ts';
import { textMatcher } from '#api/filter/text-matcher.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';
import type { NetworkRecord } from '#network/network.ts';

const filterNames = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

export function networkRoutes(engine: Pick<Engine, 'networks'>): Route[] {
  const { networks } = engine;

  function list(exchange: Exchange): void {
    const filters = Filters.parse(exchange.query.text('filters'), filterNames);
    const dangling = filters.flag('dangling');
    for (const type of filters.values('type')) {
      if (type !== 'builtin' && type !== 'custom')
        throw new DhowError('InvalidParameter', `invalid filter: 'type'='${type.slice(0, 60)}'`);
    }
    const found = networks
      .list()
      .filter(
        (network) =>
          filters.some('name', (name) => textMatcher(name)(network.name)) &&
          filters.some('id', (id) => textMatcher(id)(network.id)) &&
          filters.some('driver', (driver) => driver === encodeNetwork(network).Driver) &&
          filters.some('scope', (scope) => scope === 'local') &&
          filters.some('type', (type) => type === (isBuiltIn(network) ? 'builtin' : 'custom')) &&
          filters.labels(network.labels) &&
          (dangling === undefined || dangling === isDangling(network)),
      );
    exchange.sendJson(
      200,
      found.map((network) => encodeNetwork(network)),
    );
  }

  function isDangling(network: NetworkRecord): boolean {
    return !isBuiltIn(network) && networks.membersOf(network.id).length === 0;
  }

  function inspect(exchange: Exchange): void {
    const network = networks.get(exchange.parameter('id'));
    const scope = exchange.query.text('scope');
    if (scope !== '' && scope !== 'local') {
      throw new DhowError('NotFound', `network ${network.name} not found in scope ${scope.slice(0, 60)}`);
    }
    exchange.sendJson(200, encodeNetwork(network, networks.membersOf(network.id)));
  }

  async function create(exchange: Exchange): Promise<void> {
    const { id, warnings } = await networks.create(decodeNetworkCreate(await exchange.readJson()));
    exchange.sendJson(201, { Id: id, Warning: warnings.join('\n') });
  }

  async function remove(exchange: Exchange): Promise<void> {
    await networks.remove(exchange.parameter('id'));
    exchange.sendEmpty(204);
  }

  async function prune(exchange: Exchange): Promise<void> {
    const filters = Filters.parse(exchange.query.text('filters'), ['until', 'label', 'label!']);
    const until = filters.values('until').map((text) => decodeUntil(text, new Date()));
    const wanted = networks
      .list()
      .filter(
        (network) =>
          isDangling(network) &&
          network.template === undefined &&
          until.every((date) => network.createdAt < date) &&
          filters.labels(network.labels),
      );
    const removed = await networks.prune(wanted.map(({ id }) => id));
    exchange.sendJson(200, { NetworksDeleted: removed.length > 0 ? removed : null });
  }

  async function connect(exchange: Exchange): Promise<void> {
    const fields = Fields.of(await exchange.readJson());
    const { name } = networks.get(exchange.parameter('id'));
    const endpoint = decodeEndpoint(fields.object('EndpointConfig'), name);
    await networks.connect(name, requireContainer(fields), endpoint);
    exchange.sendEmpty(200);
  }

  async function disconnect(exchange: Exchange): Promise<void> {
    const fields = Fields.of(await exchange.readJson());
    await networks.disconnect(exchange.parameter('id'), requireContainer(fields), fields.flag('Force'));
    exchange.sendEmpty(200);
  }

  return [
    { method: 'GET', path: '/networks', handler: list },
    { method: 'POST', path: '/networks/create', handler: create },
    { method: 'POST', path: '/networks/prune', handler: prune },
    { method: 'GET', path: '/networks/{id}', handler: inspect },
    { method: 'DELETE', path: '/networks/{id}', handler: remove },
    { method: 'POST', path: '/networks/{id}/connect', handler: connect },
    { method: 'POST', path: '/networks/{id}/disconnect', handler: disconnect },
  ];
}

function requireContainer(fields: Fields): string {
  const container = fields.text('Container');
  if (container !== '') return container;
  throw new DhowError('InvalidParameter', 'the request names no container (field Container)');
}

function isBuiltIn(network: NetworkRecord): boolean {
  return ['bridge', 'host', 'none'].includes(network.name);
}
