import { defineCommand } from '#cli/command.ts';
import { forEachInOrder } from '#cli/commands/container/each.ts';
import { integer, text } from '#cli/options.ts';
import { restartContainer } from '#client/containers.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: {
    signal: text({ short: 's', help: 'Signal to send to the container' }),
    timeout: integer({
      short: 't',
      help: 'Seconds to wait before killing the container',
      hiddenNames: ['time'],
    }),
  },
  run(context, { options, operands }) {
    const query = { signal: options.signal, t: options.timeout };
    return forEachInOrder(context, operands, (name) =>
      restartContainer(context.client, name, query, context.signal),
    );
  },
});
