import { defineCommand } from '#cli/command.ts';
import { forEachAtOnce } from '#cli/commands/container/each.ts';
import { pauseContainer } from '#client/containers.ts';

export const command = defineCommand({
  usage: ['CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: {},
  run: (context, { operands }) =>
    forEachAtOnce(context, operands, (name) => pauseContainer(context.client, name, context.signal)),
});
