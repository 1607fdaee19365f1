import { defineCommand } from '#cli/command.ts';
import { listChanges } from '#client/archive.ts';

const letters = ['C', 'A', 'D'] as const;

export const command = defineCommand({
  usage: ['CONTAINER'],
  operands: { min: 1, max: 1 },
  options: {},
  async run(context, { operands: [name = ''] }) {
    const changes = await listChanges(context.client, name, context.signal);
    context.stdout.write(changes.map(({ Kind, Path }) => `${letters[Kind]} ${Path}\n`).join(''));
    return 0;
  },
});
