import { defineCommand } from '#cli/command.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag } from '#cli/options.ts';
import { confirm } from '#cli/output/confirm.ts';
import { pruneNetworks } from '#client/networks.ts';
import { DhowError } from '#errors/error.ts';

const question =
  'WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    filter: filterOption('Provide filter values (e.g. "until=<timestamp>")'),
    force: flag({ short: 'f', help: 'Do not prompt for confirmation' }),
  },
  async run(context, { options }) {
    if (!options.force && !(await confirm(context, question))) {
      throw new DhowError('Cancelled', 'network prune has been cancelled');
    }
    const report = await pruneNetworks(context.client, groupFilters(options.filter), context.signal);
    const deleted = report.NetworksDeleted ?? [];
    if (deleted.length > 0) {
      context.stdout.write(`Deleted Networks:\n${deleted.map((name) => `${name}\n`).join('')}\n`);
    }
    return 0;
  },
});
