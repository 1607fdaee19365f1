import { defineCommand } from '#cli/command.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag, integer, text } from '#cli/options.ts';
import { renderListing } from '#cli/output/listing.ts';
import { searchListing, searchTable } from '#cli/output/listings/search.ts';
import { searchImages } from '#client/registries.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] TERM'],
  operands: { min: 1, max: 1 },
  options: {
    filter: filterOption(undefined, 'f'),
    format: text({ help: 'Pretty-print search using a Go template' }),
    limit: integer({ help: 'Max number of search results' }),
    'no-trunc': flag({ help: "Don't truncate output" }),
  },
  async run(context, { options, operands }) {
    const [term = ''] = operands;
    const auth = await findCredentials(context.configDirectory, registryOf(term), context.signal);
    const request = {
      term,
      limit: options.limit,
      filters: groupFilters(options.filter),
      auth: encodeAuthHeader(auth),
    };
    const rows = await searchImages(context.client, request, context.signal);
    const format = options.format && options.format !== 'table' ? options.format : searchTable;
    context.stdout.write(renderListing(searchListing(!options['no-trunc']), rows, format));
    return 0;
  },
});
