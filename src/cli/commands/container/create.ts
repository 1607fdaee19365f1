import { defineCommand } from '#cli/command.ts';
import { createFromOptions } from '#cli/commands/container/create-container.ts';
import { createOptions } from '#cli/commands/container/create-options.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE [COMMAND] [ARG...]'],
  operands: { min: 1 },
  interspersed: false,
  options: createOptions,
  async run(context, { options, given, operands }) {
    const [image = '', ...command] = operands;
    const { id } = await createFromOptions(context, options, { given, image, command, detach: false });
    context.stdout.write(`${id}\n`);
    return 0;
  },
});
