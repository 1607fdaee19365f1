import { defineCommand } from '#cli/command.ts';
import { flag } from '#cli/options.ts';
import { forEach } from '#cli/output/failures.ts';
import { removeNetwork } from '#client/networks.ts';
import { kindOf } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['NETWORK [NETWORK...]'],
  operands: { min: 1 },
  options: { force: flag({ short: 'f', help: 'Do not error if the network does not exist' }) },
  run: (context, { options, operands }) =>
    forEach(context, operands, async (name) => {
      try {
        await removeNetwork(context.client, name, context.signal);
      } catch (error) {
        if (options.force && kindOf(error) === 'NotFound') return;
        throw error;
      }
      context.stdout.write(`${name}\n`);
    }),
});
