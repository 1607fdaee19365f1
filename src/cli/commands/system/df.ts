import { defineCommand } from '#cli/command.ts';
import { flag } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { buildCacheListing, buildCacheTable } from '#cli/output/listings/build-cache.ts';
import { containerListing } from '#cli/output/listings/containers.ts';
import { diskUsageListing, diskUsageTable, summarizeDiskUsage } from '#cli/output/listings/disk-usage.ts';
import { imageListing, imageRows } from '#cli/output/listings/images.ts';
import { volumeListing } from '#cli/output/listings/volumes.ts';
import { humanSize } from '#cli/output/size.ts';
import { diskUsage } from '#client/system.ts';
import { DhowError } from '#errors/error.ts';
import type { LegacyDiskUsage } from '#wire/disk-usage.ts';

const imageTable =
  'table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.Containers}}';
const containerTable =
  'table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.LocalVolumes}}\\t{{.Size}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Names}}';
const volumeTable = 'table {{.Name}}\\t{{.Links}}\\t{{.Size}}';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    format: listFormat,
    verbose: flag({ short: 'v', help: 'Show detailed information on space usage' }),
  },
  async run(context, { options }) {
    if (options.verbose && options.format !== undefined && options.format !== 'table') {
      throw new DhowError('Unsupported', '--verbose has a format of its own: leave --format out');
    }
    const usage = await diskUsage(context.client, context.signal);
    if (options.verbose) {
      context.stdout.write(renderAll(usage, Date.now()));
      return 0;
    }
    const format = chooseFormat(context, {
      given: options.format,
      configured: undefined,
      quiet: false,
      table: diskUsageTable,
      raw: undefined,
      quietFormat: '',
      quietRaw: '',
    });
    context.stdout.write(renderListing(diskUsageListing(), summarizeDiskUsage(usage), format));
    return 0;
  },
});

function renderAll(usage: LegacyDiskUsage, now: number): string {
  const images = (usage.Images ?? []).flatMap((image) => imageRows(image, false, false));
  // Here the size is the writable layer's alone.
  const containers = (usage.Containers ?? []).map((container) => ({ ...container, SizeRootFs: 0 }));
  const cache = usage.BuildCache ?? [];
  const cacheBytes = cache.reduce((sum, { Size, Shared }) => sum + (Shared ? 0 : Size), 0);
  return [
    `Images space usage:\n\n${renderListing(imageListing(now, true), images, imageTable)}`,
    `Containers space usage:\n\n${renderListing(containerListing(now, true), containers, containerTable)}`,
    `Local Volumes space usage:\n\n${renderListing(volumeListing(), usage.Volumes ?? [], volumeTable)}`,
    `Build cache usage: ${humanSize(cacheBytes)}\n\n${renderListing(buildCacheListing(now), cache, buildCacheTable)}`,
  ].join('\n');
}
