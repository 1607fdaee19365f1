import { defineCommand } from '#cli/command.ts';
import { forEachAtOnce } from '#cli/commands/container/each.ts';
import { unpauseContainer } from '#client/containers.ts';

export const command = defineCommand({
  usage: ['CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: {},
  run: (context, { operands }) =>
    forEachAtOnce(context, operands, (name) => unpauseContainer(context.client, name, context.signal)),
});
