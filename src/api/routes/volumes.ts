import { Fields } from '#api/decode/fields.ts';
import { Filters } from '#api/decode/filters.ts';
import { encodeVolume } from '#api/encode/volumes.ts';
import { textMatcher } from '#api/filter/text-matcher.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { volumeContentRoutes } from '#api/routes/volume-content.ts';
import { pruneAnonymousOnlyMinor } from '#api/versions.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError, kindOf } from '#errors/error.ts';

export function volumeRoutes(volumes: Engine['volumes']): Route[] {
  function list(exchange: Exchange): void {
    const filters = Filters.parse(exchange.query.text('filters'), ['dangling', 'driver', 'label', 'name']);
    const dangling = filters.flag('dangling');
    const found = volumes
      .list()
      .filter(
        (volume) =>
          filters.some('name', (name) => textMatcher(name)(volume.name)) &&
          filters.some('driver', (driver) => driver === 'local') &&
          filters.labels(encodeVolume(volume).Labels ?? {}) &&
          (dangling === undefined || dangling === (volumes.usersOf(volume.name).length === 0)),
      );
    exchange.sendJson(200, { Volumes: found.map(encodeVolume), Warnings: null });
  }

  async function create(exchange: Exchange): Promise<void> {
    const fields = Fields.of(await exchange.readJson());
    fields.refuse(['ClusterVolumeSpec']);
    const driver = fields.text('Driver');
    if (driver !== '' && driver !== 'local') {
      throw new DhowError(
        'Unsupported',
        `volume driver "${driver.slice(0, 60)}" is not supported: use local`,
      );
    }
    const name = fields.text('Name');
    const volume = await volumes.create({
      ...(name === '' ? { anonymous: true } : { name }),
      labels: fields.textMap('Labels'),
      options: fields.textMap('DriverOpts'),
    });
    exchange.sendJson(201, encodeVolume(volume));
  }

  async function remove(exchange: Exchange): Promise<void> {
    try {
      await volumes.remove(exchange.parameter('name'));
    } catch (error) {
      // `rm --force` is content when there is nothing to remove.
      if (!(exchange.query.flag('force') && kindOf(error) === 'NotFound')) throw error;
    }
    exchange.sendEmpty(204);
  }

  async function prune(exchange: Exchange): Promise<void> {
    const filters = Filters.parse(exchange.query.text('filters'), ['all', 'label', 'label!']);
    const all = filters.flag('all') ?? exchange.minor < pruneAnonymousOnlyMinor;
    const { removed, freedBytes } = await volumes.prune(
      (volume) => (all || volume.anonymous) && filters.labels(encodeVolume(volume).Labels ?? {}),
      exchange.signal,
    );
    exchange.sendJson(200, { VolumesDeleted: removed, SpaceReclaimed: freedBytes });
  }

  /** Docker changes volumes of a cluster by it, and has none of these without a swarm. */
  function update(exchange: Exchange): void {
    volumes.get(exchange.parameter('name'));
    throw new DhowError(
      'Unsupported',
      'volume update is for cluster volumes, which need a swarm: this volume is local to the host',
    );
  }

  return [
    { method: 'GET', path: '/volumes', handler: list },
    { method: 'POST', path: '/volumes/create', handler: create },
    { method: 'POST', path: '/volumes/prune', handler: prune },
    {
      method: 'GET',
      path: '/volumes/{name}',
      handler: (exchange) => exchange.sendJson(200, encodeVolume(volumes.get(exchange.parameter('name')))),
    },
    { method: 'PUT', path: '/volumes/{name}', handler: update },
    { method: 'DELETE', path: '/volumes/{name}', handler: remove },
    ...volumeContentRoutes(volumes),
  ];
}
