import { defineCommand } from '#cli/command.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag } from '#cli/options.ts';
import { confirm } from '#cli/output/confirm.ts';
import { humanSize } from '#cli/output/size.ts';
import { pruneContainers } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    filter: filterOption('Provide filter values (e.g. "until=<timestamp>")'),
    force: flag({ short: 'f', help: 'Do not prompt for confirmation' }),
  },
  async run(context, { options }) {
    const question = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue?';
    if (!options.force && !(await confirm(context, question))) {
      throw new DhowError('Cancelled', 'container prune has been cancelled');
    }
    const report = await pruneContainers(context.client, groupFilters(options.filter), context.signal);
    const deleted = report.ContainersDeleted ?? [];
    if (deleted.length > 0) {
      context.stdout.write(`Deleted Containers:\n${deleted.map((id) => `${id}\n`).join('')}\n`);
    }
    context.stdout.write(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`);
    return 0;
  },
});
