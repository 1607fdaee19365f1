import { defineCommand } from '#cli/command.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { compareNaturally } from '#cli/output/listings/names.ts';
import { networkListing, networkRaw, networkTable } from '#cli/output/listings/networks.ts';
import { readPreferences } from '#cli/preferences.ts';
import { listNetworks } from '#client/networks.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    filter: filterOption('Provide filter values (e.g. "driver=bridge")', 'f'),
    format: listFormat,
    'no-trunc': flag({ help: 'Do not truncate the output' }),
    quiet: flag({ short: 'q', help: 'Only display network IDs' }),
  },
  async run(context, { options }) {
    const { networksFormat } =
      options.format === undefined ? await readPreferences(context.configDirectory) : {};
    const format = chooseFormat(context, {
      given: options.format,
      configured: networksFormat,
      quiet: options.quiet,
      table: networkTable,
      raw: networkRaw,
      quietFormat: '{{.ID}}',
      quietRaw: 'network_id: {{.ID}}',
    });
    const networks = await listNetworks(context.client, groupFilters(options.filter), context.signal);
    const rows = networks.sort((a, b) => compareNaturally(a.Name, b.Name));
    context.stdout.write(renderListing(networkListing(!options['no-trunc']), rows, format));
    return 0;
  },
});
