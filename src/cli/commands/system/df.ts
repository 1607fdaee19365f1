import { defineCommand } from '#cli/command.ts';
import { flag } from '#cli/options.ts';
import { executeFormat, parseFormat } from '#cli/output/format.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { type Listing, renderListing, rowsValue } from '#cli/output/listing.ts';
import { buildCacheListing, buildCacheTable } from '#cli/output/listings/build-cache.ts';
import { containerListing } from '#cli/output/listings/containers.ts';
import { diskUsageListing, diskUsageTable, summarizeDiskUsage } from '#cli/output/listings/disk-usage.ts';
import { imageListing, imageRows } from '#cli/output/listings/images.ts';
import { volumeListing } from '#cli/output/listings/volumes.ts';
import { humanSize } from '#cli/output/size.ts';
import type { Value } from '#cli/output/template/value.ts';
import { diskUsage } from '#client/system.ts';
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
    const usage = await diskUsage(context.client, context.signal);
    if (options.verbose) {
      const { format: given = 'table' } = options;
      const parts = listParts(usage, Date.now());
      if (given === 'table') context.stdout.write(renderTables(usage, parts));
      else {
        const template = parseFormat(given === 'json' ? '{{json .}}' : given);
        // Docker writes no line feed of its own here.
        context.stdout.write(executeFormat(template, partsValue(parts)));
      }
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

/** What `--verbose` shows, under the names that templates know it by. */
interface Parts {
  Images: Part;
  Containers: Part;
  Volumes: Part;
  BuildCache: Part;
}

interface Part {
  table: string;
  rows: Value;
}

function listParts(usage: LegacyDiskUsage, now: number): Parts {
  const part = <Row>(listing: Listing<Row>, rows: readonly Row[], table: string): Part => ({
    table: renderListing(listing, rows, table),
    rows: rowsValue(listing, rows),
  });
  const images = (usage.Images ?? []).flatMap((image) => imageRows(image, false, false));
  // Here the size is the writable layer's alone.
  const containers = (usage.Containers ?? []).map((container) => ({ ...container, SizeRootFs: 0 }));
  return {
    Images: part(imageListing(now, true), images, imageTable),
    Containers: part(containerListing(now, true), containers, containerTable),
    Volumes: part(volumeListing(), usage.Volumes ?? [], volumeTable),
    BuildCache: part(buildCacheListing(now), usage.BuildCache ?? [], buildCacheTable),
  };
}

function renderTables({ BuildCache }: LegacyDiskUsage, parts: Parts): string {
  const cacheBytes = (BuildCache ?? []).reduce((sum, { Size, Shared }) => sum + (Shared ? 0 : Size), 0);
  return [
    `Images space usage:\n\n${parts.Images.table}`,
    `Containers space usage:\n\n${parts.Containers.table}`,
    `Local Volumes space usage:\n\n${parts.Volumes.table}`,
    `Build cache usage: ${humanSize(cacheBytes)}\n\n${parts.BuildCache.table}`,
  ].join('\n');
}

function partsValue(parts: Parts): Value {
  const members = Object.entries(parts).map(([name, { rows }]): [string, Value] => [name, rows]);
  const fields = members.map(([name, { type }]) => ({
    ...{ name, type, jsonName: name },
    ...{ omitEmpty: false, embedded: false },
  }));
  return {
    kind: 'struct',
    type: { kind: 'struct', name: 'formatter.diskUsageContext', fields },
    data: new Map(members),
  };
}
