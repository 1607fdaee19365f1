import { decodeContainerCreate } from '#api/decode/container-create.ts';
import { decodeContainerUpdate } from '#api/decode/container-update.ts';
import { Filters } from '#api/decode/filters.ts';
import { decodeUntil } from '#api/decode/timestamps.ts';
import { encodeContainerInspect } from '#api/encode/container-inspect.ts';
import { encodeContainerSummary } from '#api/encode/container-summary.ts';
import type { HostConfigDefaults } from '#api/encode/host-config.ts';
import { encodeNetworkSettings } from '#api/encode/network-settings.ts';
import { containerFilter, containerFilterNames } from '#api/filter/containers.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import type { ContainerView } from '#engine/containers.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';

type Parts = Pick<Engine, 'containers' | 'images' | 'system'>;

/** Everything about containers that is one question and one answer. */
export function containerRoutes(engine: Parts): Route[] {
  const { containers, system } = engine;
  let knownDefaults: HostConfigDefaults | undefined;
  /** They do not change while the daemon runs, and the whole of `info` is dear. */
  function defaults(): HostConfigDefaults {
    if (knownDefaults === undefined) {
      const { defaultRuntime, storageDriver, appArmor } = system.info();
      knownDefaults = { runtime: defaultRuntime, storageDriver, appArmor };
    }
    return knownDefaults;
  }
  const idOf = (exchange: Exchange): string => exchange.parameter('id');

  async function create(exchange: Exchange): Promise<void> {
    const { settings, warnings } = decodeContainerCreate(await exchange.readJson());
    const name = exchange.query.optionalText('name');
    const platform = exchange.query.optionalText('platform');
    const created = await containers.create({
      settings,
      ...(name === undefined ? {} : { name }),
      ...(platform === undefined ? {} : { platform }),
    });
    exchange.sendJson(201, { Id: created.id, Warnings: [...warnings, ...created.warnings] });
  }

  async function inspect(exchange: Exchange): Promise<void> {
    const view = containers.get(idOf(exchange));
    const size = exchange.query.flag('size') ? await containers.sizeOf(view.id) : undefined;
    exchange.sendJson(200, encodeContainerInspect(view, defaults(), size));
  }

  async function start(exchange: Exchange): Promise<void> {
    await refuseBody(exchange);
    const outcome = await containers.start(idOf(exchange));
    exchange.sendEmpty(outcome === 'started' ? 204 : 304);
  }

  async function stop(exchange: Exchange): Promise<void> {
    const outcome = await containers.stop(idOf(exchange), stopOptions(exchange));
    exchange.sendEmpty(outcome === 'stopped' ? 204 : 304);
  }

  async function update(exchange: Exchange): Promise<void> {
    const body = await exchange.readJson();
    const { host } = containers.get(idOf(exchange)).settings;
    const decoded = decodeContainerUpdate(body, host.resources);
    const { warnings } = await containers.update(idOf(exchange), decoded);
    const { Ports } = encodeNetworkSettings(containers.get(idOf(exchange)));
    exchange.sendJson(200, {
      Warnings: warnings.length > 0 ? warnings : null,
      ...(decoded.ports ? { Ports } : {}),
    });
  }

  async function remove(exchange: Exchange): Promise<void> {
    const { query } = exchange;
    if (query.flag('link')) {
      await removeLink(exchange, idOf(exchange));
      return;
    }
    await containers.remove(idOf(exchange), { force: query.flag('force'), volumes: query.flag('v') });
    exchange.sendEmpty(204);
  }

  /** A link is called `web/db`, and clients differ in whether they escape the slash. */
  async function removeByPath(exchange: Exchange): Promise<void> {
    const name = `${idOf(exchange)}/${exchange.parameter('alias')}`;
    if (exchange.query.flag('link')) {
      await removeLink(exchange, name);
      return;
    }
    const message = `No such container: ${name.slice(0, 200)}`;
    throw new DhowError('NotFound', message, { reason: 'container-not-found' });
  }

  async function removeLink(exchange: Exchange, name: string): Promise<void> {
    const [container = '', alias = ''] = name.replace(/^\//, '').split('/');
    if (alias === '') {
      throw new DhowError(
        'InvalidParameter',
        `${name.slice(0, 100)} is no link: name it as /container/alias`,
      );
    }
    await containers.unlink(container, alias);
    exchange.sendEmpty(204);
  }

  function answering(status: number, act: (exchange: Exchange) => Promise<void>): Route['handler'] {
    return async (exchange) => {
      await act(exchange);
      exchange.sendEmpty(status);
    };
  }

  const routes: [Route['method'], string, Route['handler']][] = [
    ['GET', '/containers/json', (exchange) => listContainers(engine, exchange)],
    ['POST', '/containers/create', create],
    ['POST', '/containers/prune', (exchange) => pruneContainers(engine, exchange)],
    ['GET', '/containers/{id}/json', inspect],
    ['POST', '/containers/{id}/start', start],
    ['POST', '/containers/{id}/stop', stop],
    [
      'POST',
      '/containers/{id}/restart',
      answering(204, (exchange) => containers.restart(idOf(exchange), stopOptions(exchange))),
    ],
    [
      'POST',
      '/containers/{id}/kill',
      answering(204, (exchange) =>
        containers.kill(idOf(exchange), exchange.query.text('signal') || 'SIGKILL'),
      ),
    ],
    ['POST', '/containers/{id}/pause', answering(204, (exchange) => containers.pause(idOf(exchange)))],
    ['POST', '/containers/{id}/unpause', answering(204, (exchange) => containers.unpause(idOf(exchange)))],
    [
      'POST',
      '/containers/{id}/rename',
      answering(204, (exchange) => containers.rename(idOf(exchange), exchange.query.text('name'))),
    ],
    [
      'POST',
      '/containers/{id}/resize',
      answering(200, (exchange) => containers.resize(idOf(exchange), sizeOf(exchange))),
    ],
    ['POST', '/containers/{id}/update', update],
    ['DELETE', '/containers/{id}', remove],
    ['DELETE', '/containers/{id}/{alias}', removeByPath],
  ];
  return routes.map(([method, path, handler]) => ({ method, path, handler }));
}

/** `h` and `w` of resize. */
export function sizeOf(exchange: Exchange): { rows: number; columns: number } {
  const rows = exchange.query.integer('h') ?? 0;
  const columns = exchange.query.integer('w') ?? 0;
  if (rows < 0 || columns < 0 || rows > 65535 || columns > 65535) {
    throw new DhowError('InvalidParameter', `invalid terminal size: h=${rows}, w=${columns}`);
  }
  return { rows, columns };
}

function stopOptions(exchange: Exchange): { signal: string | undefined; timeoutSeconds: number | undefined } {
  return {
    signal: exchange.query.optionalText('signal'),
    timeoutSeconds: exchange.query.integer('t'),
  };
}

/** Clients of the first versions sent the HostConfig with start, where it would be ignored. */
async function refuseBody(exchange: Exchange): Promise<void> {
  const body = (await exchange.readJson()) ?? {};
  if (typeof body !== 'object' || Object.keys(body).length > 0) {
    throw new DhowError(
      'InvalidParameter',
      'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
    );
  }
}

async function listContainers(engine: Parts, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const filters = Filters.parse(query.text('filters'), containerFilterNames);
  const limit = query.integer('limit') ?? 0;
  const withStopped =
    query.flag('all') ||
    limit > 0 ||
    ['status', 'exited', 'before', 'since'].some((name) => filters.has(name));
  const matches = containerFilter(filters, engine);
  const found = engine.containers
    .list()
    .filter((view) => (withStopped || isUp(view)) && matches(view))
    .slice(0, limit > 0 ? limit : undefined);
  const sizes = query.flag('size')
    ? await Promise.all(found.map((view) => engine.containers.sizeOf(view.id)))
    : [];
  const now = new Date();
  const imageIdByName = new Map<string, string | undefined>();
  const rows = found.map((view, index) => {
    const { image } = view.settings;
    if (!imageIdByName.has(image)) imageIdByName.set(image, findImageId(engine, image));
    const size = sizes[index];
    return encodeContainerSummary(view, {
      now,
      minor: exchange.minor,
      imageNameHolds: imageIdByName.get(image) === view.imageId,
      ...(size === undefined ? {} : { size }),
    });
  });
  exchange.sendJson(200, rows);
}

function findImageId(engine: Parts, name: string): string | undefined {
  return engine.images.find(name)?.id;
}

function isUp(view: ContainerView): boolean {
  return ['running', 'paused', 'restarting'].includes(view.state.status);
}

async function pruneContainers(engine: Parts, exchange: Exchange): Promise<void> {
  const { containers } = engine;
  const filters = Filters.parse(exchange.query.text('filters'), ['until', 'label', 'label!']);
  if (filters.empty) {
    const { removed, freedBytes } = await containers.prune();
    exchange.sendJson(200, {
      ContainersDeleted: removed.length > 0 ? removed : null,
      SpaceReclaimed: freedBytes,
    });
    return;
  }
  const until = filters.values('until').map((text) => decodeUntil(text, new Date()));
  const removed: string[] = [];
  let freedBytes = 0;
  for (const view of containers.list()) {
    const wanted =
      ['created', 'exited', 'dead'].includes(view.state.status) &&
      until.every((date) => view.createdAt < date) &&
      filters.labels(view.effective.labels);
    if (!wanted) continue;
    exchange.signal.throwIfAborted();
    const { writableBytes } = await containers.sizeOf(view.id);
    await containers.remove(view.id, { force: false, volumes: false });
    removed.push(view.id);
    freedBytes += writableBytes;
  }
  exchange.sendJson(200, {
    ContainersDeleted: removed.length > 0 ? removed : null,
    SpaceReclaimed: freedBytes,
  });
}
