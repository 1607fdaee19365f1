import { defineCommand } from '#cli/command.ts';
import { type Filter, filterOption, groupFilters } from '#cli/filters.ts';
import { flag } from '#cli/options.ts';
import { confirm } from '#cli/output/confirm.ts';
import { humanSize } from '#cli/output/size.ts';
import { pruneImages } from '#client/images.ts';

const danglingWarning = 'WARNING! This will remove all dangling images.\nAre you sure you want to continue?';
const allWarning =
  'WARNING! This will remove all images without at least one container associated to them.\nAre you sure you want to continue?';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    all: flag({ short: 'a', help: 'Remove all unused images, not just dangling ones' }),
    filter: filterOption('Provide filter values (e.g. "until=<timestamp>")'),
    force: flag({ short: 'f', help: 'Do not prompt for confirmation' }),
  },
  async run(context, { options }) {
    const filters: Filter[] = [...options.filter, ['dangling', options.all ? 'false' : 'true']];
    if (!options.force && !(await confirm(context, options.all ? allWarning : danglingWarning))) {
      return 0;
    }
    const report = await pruneImages(context.client, groupFilters(filters), context.signal);
    const deleted = report.ImagesDeleted ?? [];
    if (deleted.length > 0) {
      const lines = deleted.map((item) =>
        item.Untagged ? `untagged: ${item.Untagged}\n` : `deleted: ${item.Deleted ?? ''}\n`,
      );
      context.stdout.write(`Deleted Images:\n${lines.join('')}\n`);
    }
    context.stdout.write(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`);
    return 0;
  },
});
