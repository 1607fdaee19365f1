import { defineCommand } from '#cli/command.ts';
import { getVolume } from '#cli/commands/system/find-object.ts';
import { text } from '#cli/options.ts';
import { formatHelp, inspectAll } from '#cli/output/inspect.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] VOLUME [VOLUME...]'],
  operands: { min: 1 },
  options: { format: text({ short: 'f', help: formatHelp }) },
  run: (context, { options, operands }) =>
    inspectAll(context, operands, options.format, (name) => getVolume(context, name)),
});
