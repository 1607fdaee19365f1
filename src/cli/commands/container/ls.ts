import { defineCommand } from '#cli/command.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag, integer } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { findUsedColumns, renderListing } from '#cli/output/listing.ts';
import { containerListing, containerRaw, containerTable } from '#cli/output/listings/containers.ts';
import { readPreferences } from '#cli/preferences.ts';
import { listContainers } from '#client/containers.ts';
import type { ContainerSummary } from '#wire/containers.ts';

/** For trying out a template. */
const nobody: ContainerSummary = {
  Id: '',
  Names: [],
  Image: '',
  ImageID: '',
  Command: '',
  Created: 0,
  Ports: [],
  Labels: {},
  State: '',
  Status: '',
  HostConfig: { NetworkMode: '' },
  NetworkSettings: { Networks: {} },
  Mounts: [],
};

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    all: flag({ short: 'a', help: 'Show all containers (default shows just running)' }),
    filter: filterOption(undefined, 'f'),
    format: listFormat,
    last: integer({ short: 'n', help: 'Show n last created containers (includes all states)' }),
    latest: flag({ short: 'l', help: 'Show the latest created container (includes all states)' }),
    'no-trunc': flag({ help: "Don't truncate output" }),
    quiet: flag({ short: 'q', help: 'Only display container IDs' }),
    size: flag({ short: 's', help: 'Display total file sizes' }),
  },
  async run(context, { options }) {
    const { psFormat } = options.format === undefined ? await readPreferences(context.configDirectory) : {};
    const column = options.size ? '\\t{{.Size}}' : '';
    const format = chooseFormat(context, {
      given: options.format,
      configured: psFormat,
      quiet: options.quiet,
      table: containerTable + column,
      raw: options.size ? `${containerRaw}size: {{.Size}}\n` : containerRaw,
      quietWins: true,
      quietFormat: '{{.ID}}',
      quietRaw: 'container_id: {{.ID}}',
    });
    const limit = options.latest && options.last === undefined ? 1 : (options.last ?? -1);
    const listing = containerListing(Date.now(), !options['no-trunc']);
    // The bare word `json` shows what is known without work.
    const needsSize =
      options.size || (format !== 'json' && findUsedColumns(listing, nobody, format).has('Size'));
    const query = {
      ...(options.all ? { all: true } : {}),
      ...(limit > 0 ? { limit } : {}),
      ...(needsSize ? { size: true } : {}),
      filters: groupFilters(options.filter),
    };
    const rows = await listContainers(context.client, query, context.signal);
    context.stdout.write(renderListing(listing, rows, format));
    return 0;
  },
});
