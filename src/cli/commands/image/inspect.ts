import { defineCommand } from '#cli/command.ts';
import { platformObject } from '#cli/commands/image/platform-object.ts';
import { getImage } from '#cli/commands/system/find-object.ts';
import { text } from '#cli/options.ts';
import { formatHelp, inspectAll } from '#cli/output/inspect.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE [IMAGE...]'],
  operands: { min: 1 },
  options: {
    format: text({ short: 'f', help: formatHelp }),
    platform: text({ help: 'Inspect a specific platform of the multi-platform image' }),
  },
  run: (context, { options, operands }) =>
    inspectAll(context, operands, options.format, (name) =>
      getImage(context, name, options.platform === undefined ? undefined : platformObject(options.platform)),
    ),
});
