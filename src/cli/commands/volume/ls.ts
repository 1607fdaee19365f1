import { defineCommand } from '#cli/command.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag, unsupported } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { compareNaturally } from '#cli/output/listings/names.ts';
import { volumeListing, volumeRaw, volumeTable } from '#cli/output/listings/volumes.ts';
import { readPreferences } from '#cli/preferences.ts';
import { listVolumes } from '#client/volumes.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    cluster: unsupported('nothing'),
    filter: filterOption('Provide filter values (e.g. "dangling=true")', 'f'),
    format: listFormat,
    quiet: flag({ short: 'q', help: 'Only display volume names' }),
  },
  async run(context, { options }) {
    const { volumesFormat } =
      options.format === undefined ? await readPreferences(context.configDirectory) : {};
    const format = chooseFormat(context, {
      given: options.format,
      configured: volumesFormat,
      quiet: options.quiet,
      table: volumeTable,
      raw: volumeRaw,
      quietFormat: '{{.Name}}',
      quietRaw: 'name: {{.Name}}',
    });
    const { Volumes, Warnings } = await listVolumes(
      context.client,
      groupFilters(options.filter),
      context.signal,
    );
    const rows = (Volumes ?? []).sort((a, b) => compareNaturally(a.Name, b.Name));
    context.stdout.write(renderListing(volumeListing(), rows, format));
    for (const warning of Warnings ?? []) context.stderr.write(`${warning}\n`);
    return 0;
  },
});
