import { defineCommand } from '#cli/command.ts';
import { renameContainer } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['CONTAINER NEW_NAME'],
  operands: { min: 2, max: 2 },
  options: {},
  async run(context, { operands: [name = '', newName = ''] }) {
    if (name.trim() === '' || newName.trim() === '') {
      throw new DhowError('InvalidParameter', 'error: Neither old nor new names may be empty');
    }
    await renameContainer(context.client, name, newName, context.signal);
    return 0;
  },
});
