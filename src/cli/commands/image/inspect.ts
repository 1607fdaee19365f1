import { defineCommand } from '#cli/command.ts';
import { getImage } from '#cli/commands/system/find-object.ts';
import { text, unsupported } from '#cli/options.ts';
import { formatHelp, inspectAll } from '#cli/output/inspect.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE [IMAGE...]'],
  operands: { min: 1 },
  options: {
    format: text({ short: 'f', help: formatHelp }),
    platform: unsupported('value'),
  },
  run: (context, { options, operands }) =>
    inspectAll(context, operands, options.format, (name) => getImage(context, name)),
});
