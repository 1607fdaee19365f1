import { Fields } from '#api/decode/fields.ts';
import { Filters } from '#api/decode/filters.ts';
import { encodeVolume } from '#api/encode/volumes.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { pruneAnonymousOnlyMinor } from '#api/versions.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError, kindOf } from '#errors/error.ts';

export function volumeRoutes(engine: Pick<Engine, 'volumes' | 'containers'>): Route[] {
  const { volumes, containers } = engine;

  function usersOf(name: string): string[] {
    return containers
      .list()
      .filter(({ mounts }) => mounts.some((mount) => mount.type === 'volume' && mount.name === name))
      .map(({ id }) => id);
  }

  function list(exchange: Exchange): void {
    const filters = Filters.parse(exchange.query.text('filters'), ['dangling', 'driver', 'label', 'name']);
    const dangling = filters.flag('dangling');
    const found = volumes
      .list()
      .filter(
        (volume) =>
          filters.some('name', (name) => volume.name.includes(name)) &&
          filters.some('driver', (driver) => driver === 'local') &&
          filters.labels(encodeVolume(volume).Labels ?? {}) &&
          (dangling === undefined || dangling === (usersOf(volume.name).length === 0)),
      );
    exchange.sendJson(200, { Volumes: found.map(encodeVolume), Warnings: null });
  }

  async function create(exchange: Exchange): Promise<void> {
    const fields = Fields.of(await exchange.readJson());
    fields.refuse(['DriverOpts', 'ClusterVolumeSpec']);
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
    });
    exchange.sendJson(201, encodeVolume(volume));
  }

  async function remove(exchange: Exchange): Promise<void> {
    const name = exchange.parameter('name');
    try {
      await volumes.remove(name, usersOf(name));
    } catch (error) {
      // `rm --force` is content when there is nothing to remove.
      if (!(exchange.query.flag('force') && kindOf(error) === 'NotFound')) throw error;
    }
    exchange.sendEmpty(204);
  }

  async function prune(exchange: Exchange): Promise<void> {
    const filters = Filters.parse(exchange.query.text('filters'), ['all', 'label', 'label!']);
    const all = filters.flag('all') ?? exchange.minor < pruneAnonymousOnlyMinor;
    const removed: string[] = [];
    let freedBytes = 0;
    for (const volume of volumes.list()) {
      if (!all && !volume.anonymous) continue;
      if (!filters.labels(encodeVolume(volume).Labels ?? {}) || usersOf(volume.name).length > 0) continue;
      exchange.signal.throwIfAborted();
      const sizeBytes = await volumes.sizeOf(volume.name);
      await volumes.remove(volume.name, []);
      removed.push(volume.name);
      freedBytes += sizeBytes;
    }
    exchange.sendJson(200, { VolumesDeleted: removed, SpaceReclaimed: freedBytes });
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
    { method: 'DELETE', path: '/volumes/{name}', handler: remove },
  ];
}
