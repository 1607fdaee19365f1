import { defineCommand } from '#cli/command.ts';
import { flag } from '#cli/options.ts';
import { forEach } from '#cli/output/failures.ts';
import { removeVolume } from '#client/volumes.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] VOLUME [VOLUME...]'],
  operands: { min: 1 },
  options: { force: flag({ short: 'f', help: 'Force the removal of one or more volumes' }) },
  run: (context, { options, operands }) =>
    forEach(context, operands, async (name) => {
      await removeVolume(context.client, name, options.force ? { force: true } : {}, context.signal);
      context.stdout.write(`${name}\n`);
    }),
});
