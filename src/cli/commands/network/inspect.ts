import { defineCommand } from '#cli/command.ts';
import { getNetwork } from '#cli/commands/system/find-object.ts';
import { flag, text } from '#cli/options.ts';
import { formatHelp, inspectAll } from '#cli/output/inspect.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] NETWORK [NETWORK...]'],
  operands: { min: 1 },
  options: {
    format: text({ short: 'f', help: formatHelp }),
    verbose: flag({ short: 'v', help: 'Verbose output for diagnostics' }),
  },
  run: (context, { options, operands }) =>
    inspectAll(context, operands, options.format, (name) => getNetwork(context, name, options.verbose)),
});
