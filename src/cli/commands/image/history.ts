import { defineCommand } from '#cli/command.ts';
import { platformObject } from '#cli/commands/image/platform-object.ts';
import { flag, text } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { historyListing, historyTable, historyTableForMachines } from '#cli/output/listings/history.ts';
import { imageHistory } from '#client/images.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE'],
  operands: { min: 1, max: 1 },
  options: {
    format: listFormat,
    human: flag({ short: 'H', help: 'Print sizes and dates in human readable format' }, true),
    'no-trunc': flag({ help: "Don't truncate output" }),
    platform: text({ help: 'Show history for the given platform' }),
    quiet: flag({ short: 'q', help: 'Only show image IDs' }),
  },
  async run(context, { options, operands }) {
    const format = chooseFormat(context, {
      given: options.format,
      configured: undefined,
      quiet: options.quiet,
      table: options.human ? historyTable : historyTableForMachines,
      raw: undefined,
      quietFormat: '{{.ID}}',
      quietRaw: '{{.ID}}',
    });
    const query = options.platform === undefined ? {} : { platform: platformObject(options.platform) };
    const rows = await imageHistory(context.client, operands[0] ?? '', query, context.signal);
    const listing = historyListing(Date.now(), !options['no-trunc'], options.human);
    context.stdout.write(renderListing(listing, rows, format));
    return 0;
  },
});
