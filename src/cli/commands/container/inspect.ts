import { defineCommand } from '#cli/command.ts';
import { getContainer } from '#cli/commands/system/find-object.ts';
import { flag, text } from '#cli/options.ts';
import { formatHelp, inspectAll } from '#cli/output/inspect.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: {
    format: text({ short: 'f', help: formatHelp }),
    size: flag({ short: 's', help: 'Display total file sizes' }),
  },
  run: (context, { options, operands }) =>
    inspectAll(context, operands, options.format, (name) => getContainer(context, name, options.size)),
});
