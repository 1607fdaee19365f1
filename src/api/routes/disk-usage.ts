import { encodeDiskUsage, encodeLegacyDiskUsage } from '#api/encode/disk-usage.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { groupedDiskUsageMinor } from '#api/versions.ts';
import type { DiskUsagePart } from '#engine/disk-usage.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';

const partNames: ReadonlyMap<string, DiskUsagePart> = new Map([
  ['container', 'containers'],
  ['image', 'images'],
  ['volume', 'volumes'],
  ['build-cache', 'buildCache'],
]);

export function diskUsageRoutes({ diskUsage, images }: Pick<Engine, 'diskUsage' | 'images'>): Route[] {
  async function measure(exchange: Exchange): Promise<void> {
    const { query, minor } = exchange;
    const usage = await diskUsage.measure(decodeParts(query.texts('type')));
    const context = {
      now: new Date(),
      minor,
      imageNameHolds: (name: string, imageId: string) => images.find(name)?.id === imageId,
    };
    exchange.sendJson(
      200,
      minor < groupedDiskUsageMinor
        ? encodeLegacyDiskUsage(usage, context)
        : encodeDiskUsage(usage, query.flag('verbose'), context),
    );
  }

  return [{ method: 'GET', path: '/system/df', handler: measure }];
}

/** No type means all. */
function decodeParts(types: readonly string[]): Set<DiskUsagePart> {
  const unknown = types.find((type) => !partNames.has(type));
  if (unknown !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `unknown object type: ${unknown.slice(0, 60)}: expected ${[...partNames.keys()].join(', ')}`,
    );
  }
  const wanted = types.length === 0 ? [...partNames.keys()] : types;
  return new Set(wanted.map((type) => partNames.get(type)).filter((part) => part !== undefined));
}
