import { defineCommand } from '#cli/command.ts';
import { text } from '#cli/options.ts';
import { writeArchive } from '#cli/output/write-archive.ts';
import { exportContainer } from '#client/archive.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER'],
  operands: { min: 1, max: 1 },
  options: { output: text({ short: 'o', help: 'Write to a file, instead of STDOUT' }) },
  async run(context, { options, operands: [name = ''] }) {
    await writeArchive(context, options.output, () => exportContainer(context.client, name, context.signal));
    return 0;
  },
});
