import { defineCommand } from '#cli/command.ts';
import { forEachAtOnce } from '#cli/commands/container/each.ts';
import { text } from '#cli/options.ts';
import { killContainer } from '#client/containers.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: { signal: text({ short: 's', help: 'Signal to send to the container (default "SIGKILL")' }) },
  run: (context, { options, operands }) =>
    forEachAtOnce(context, operands, (name) =>
      killContainer(context.client, name, options.signal || undefined, context.signal),
    ),
});
