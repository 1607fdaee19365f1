import { defineCommand } from '#cli/command.ts';
import { listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { buildCacheListing, buildCacheTable } from '#cli/output/listings/build-cache.ts';
import { humanSize } from '#cli/output/size.ts';
import { listBuildCache } from '#client/builds.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: { format: listFormat },
  async run(context, { options }) {
    const rows = await listBuildCache(context.client, context.signal);
    const { stdout } = context;
    stdout.write(renderListing(buildCacheListing(Date.now()), rows, options.format ?? buildCacheTable));
    if (options.format !== undefined) return 0;
    const bytesOf = (shared: boolean): number =>
      rows.reduce((sum, row) => sum + (row.Shared === shared ? row.Size : 0), 0);
    const totals = { Shared: bytesOf(true), Private: bytesOf(false), Total: bytesOf(true) + bytesOf(false) };
    const lines = Object.entries(totals).map(([name, bytes]) => `${name}:\t${humanSize(bytes)}\n`);
    stdout.write(`\n${lines.join('')}`);
    return 0;
  },
});
