import { Filters } from '#api/decode/filters.ts';
import { decodePlatformObject } from '#api/decode/platform.ts';
import {
  encodeHistory,
  encodeImageInspect,
  encodeImageSummary,
  encodeImageVariant,
  encodeRemovedImages,
} from '#api/encode/images.ts';
import type { ImageRecord } from '#api/engine-values.ts';
import { filterImages, imageFilterNames, pruneMatcher } from '#api/filter/images.ts';
import { imageForPlatform } from '#api/filter/platform.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { imageManifestsMinor, inspectManifestsMinor, withoutContainerConfigMinor } from '#api/versions.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageManifestSummary } from '#wire/images.ts';

/** docker-compose 1 speaks the newest version that the daemon has, and reads what only older ones tell. */
function inspectMinor(exchange: Exchange): number {
  const isCompose1 = exchange.header('user-agent')?.startsWith('docker-compose/1.') ?? false;
  return isCompose1 ? Math.min(exchange.minor, withoutContainerConfigMinor - 1) : exchange.minor;
}

/** Images that are here; what brings them is in image-transfer.ts. */
export function imageRoutes(engine: Pick<Engine, 'images' | 'system' | 'diskUsage'>): Route[] {
  const { images, system, diskUsage } = engine;

  async function list(exchange: Exchange): Promise<void> {
    const { query, minor } = exchange;
    const filters = Filters.parse(query.text('filters'), imageFilterNames);
    const found = filterImages(images, filters, { all: query.flag('all'), now: new Date() });
    const withManifests = minor >= imageManifestsMinor && query.flag('manifests');
    const sharedBytes = query.flag('shared-size') ? diskUsage.sharedBytesOfImages() : undefined;
    const rows = await Promise.all(
      found.map(async (image) => ({
        ...encodeImageSummary(image, minor),
        ...(sharedBytes ? { SharedSize: sharedBytes.get(image.id) ?? 0 } : {}),
        ...(withManifests ? { Manifests: await manifestsOf(image) } : {}),
      })),
    );
    // Docker's client prints in the order that it is given, newest first.
    exchange.sendJson(
      200,
      rows.sort((first, second) => second.Created - first.Created),
    );
  }

  async function manifestsOf(image: ImageRecord): Promise<ImageManifestSummary[]> {
    const variants = await images.variantsOf(image);
    return variants.map((variant) => encodeImageVariant(variant, images.usersOf(variant.image)));
  }

  async function inspect(exchange: Exchange): Promise<void> {
    const { query, minor } = exchange;
    const platform = query.text('platform');
    const withManifests = minor >= inspectManifestsMinor && query.flag('manifests');
    if (withManifests && platform !== '') {
      throw new DhowError(
        'InvalidParameter',
        'conflicting options: manifests and platform options cannot both be set',
      );
    }
    const { image } = imageForPlatform(images, exchange.parameter('name'), platform);
    exchange.sendJson(200, {
      ...encodeImageInspect(image, system.info().storageDriver, inspectMinor(exchange)),
      ...(withManifests ? { Manifests: await manifestsOf(image) } : {}),
    });
  }

  async function tag(exchange: Exchange): Promise<void> {
    const repository = exchange.query.text('repo');
    const name = exchange.query.text('tag');
    if (repository === '')
      throw new DhowError('InvalidParameter', 'invalid reference format: repo must not be empty');
    await images.tag(exchange.parameter('name'), name === '' ? repository : `${repository}:${name}`);
    exchange.sendEmpty(201);
  }

  async function remove(exchange: Exchange): Promise<void> {
    const { query } = exchange;
    const name = exchange.parameter('name');
    // `noprune` would keep untagged parents, which images have no more.
    const platforms = query.texts('platforms').flatMap((text) => decodePlatformObject(text) ?? []);
    const options = { force: query.flag('force'), platforms };
    exchange.sendJson(200, encodeRemovedImages(await images.remove(name, options)));
  }

  async function prune(exchange: Exchange): Promise<void> {
    const filters = Filters.parse(exchange.query.text('filters'), ['dangling', 'until', 'label', 'label!']);
    const all = filters.flag('dangling') === false;
    const { removed, freedBytes } = await images.prune({ all, isWanted: pruneMatcher(filters, new Date()) });
    const deleted = removed.length > 0 ? encodeRemovedImages(removed) : null;
    exchange.sendJson(200, { ImagesDeleted: deleted, SpaceReclaimed: freedBytes });
  }

  return [
    { method: 'GET', path: '/images/json', handler: list },
    { method: 'POST', path: '/images/prune', handler: prune },
    { method: 'GET', path: '/images/{name...}/json', handler: inspect },
    {
      method: 'GET',
      path: '/images/{name...}/history',
      handler(exchange) {
        const name = exchange.parameter('name');
        const { platform } = imageForPlatform(images, name, exchange.query.text('platform'));
        exchange.sendJson(200, encodeHistory(images.history(name, platform)));
      },
    },
    { method: 'POST', path: '/images/{name...}/tag', handler: tag },
    { method: 'DELETE', path: '/images/{name...}', handler: remove },
  ];
}
