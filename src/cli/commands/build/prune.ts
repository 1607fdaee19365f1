import { defineCommand } from '#cli/command.ts';
import { parseBytes } from '#cli/commands/container/values/sizes.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag, parsed } from '#cli/options.ts';
import { confirm } from '#cli/output/confirm.ts';
import { humanSize } from '#cli/output/size.ts';
import { pruneBuildCache } from '#client/builds.ts';
import { encodeFilters } from '#client/filters.ts';

const warning =
  'WARNING! This will remove what builds have kept of their steps.\nAre you sure you want to continue?';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    all: flag({ short: 'a', help: 'Remove all unused build cache, not just dangling ones' }),
    filter: filterOption('Provide filter values (e.g. "until=24h")'),
    force: flag({ short: 'f', help: 'Do not prompt for confirmation' }),
    'keep-storage': parsed({ help: 'Amount of disk space to keep for cache' }, 'bytes', parseBytes),
  },
  async run(context, { options }) {
    if (!options.force && !(await confirm(context, warning))) return 0;
    const filters = encodeFilters(groupFilters(options.filter));
    const report = await pruneBuildCache(
      context.client,
      {
        all: options.all || undefined,
        'keep-storage': options['keep-storage'],
        'reserved-space': options['keep-storage'],
        ...(filters === undefined ? {} : { filters }),
      },
      context.signal,
    );
    const deleted = report.CachesDeleted ?? [];
    if (deleted.length > 0) context.stdout.write(`Deleted build cache objects:\n${deleted.join('\n')}\n\n`);
    context.stdout.write(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`);
    return 0;
  },
});
