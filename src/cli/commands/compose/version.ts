import { type Command, defineCommand } from '#cli/command.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import { flag, parsed } from '#cli/options.ts';
import { clientVersion } from '#cli/version.ts';

/** `dhow compose version`. */
export function createVerb(): Command {
  return defineCommand({
    usage: ['[OPTIONS]'],
    operands: { max: 0 },
    options: {
      format: parsed(
        { short: 'f', help: 'Format the output. Values: [pretty | json]' },
        'string',
        oneOf('pretty', 'json'),
      ),
      short: flag({ help: "Shows only Compose's version number" }),
    },
    async run(context, { options }) {
      const version = clientVersion();
      if (options.short) context.stdout.write(`${version}\n`);
      else if (options.format === 'json') context.stdout.write(`${JSON.stringify({ version })}\n`);
      else context.stdout.write(`Dhow Compose version ${version}\n`);
      return 0;
    },
  });
}
