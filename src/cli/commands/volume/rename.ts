import { defineCommand } from '#cli/command.ts';
import { renameVolume } from '#client/volumes.ts';

export const command = defineCommand({
  usage: ['VOLUME NEW_NAME'],
  operands: { min: 2, max: 2 },
  options: {},
  async run(context, { operands: [name = '', newName = ''] }) {
    await renameVolume(context.client, name, newName, context.signal);
    return 0;
  },
});
