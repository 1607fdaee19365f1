import { once } from 'node:events';
import { defineCommand } from '#cli/command.ts';
import { text } from '#cli/options.ts';
import { writeOutputFile } from '#cli/output/output-file.ts';
import { exportVolume } from '#client/volumes.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] VOLUME'],
  operands: { min: 1, max: 1 },
  options: { output: text({ short: 'o', help: 'Write to a file, instead of STDOUT' }) },
  async run(context, { options, operands: [name = ''] }) {
    const { stdout, signal } = context;
    if (options.output === undefined && stdout.isTTY === true) {
      throw new DhowError(
        'InvalidParameter',
        'cowardly refusing to save to a terminal. Use the -o flag or redirect',
      );
    }
    const archive = await exportVolume(context.client, name, signal);
    if (options.output !== undefined) {
      await writeOutputFile(options.output, context.workingDirectory, archive);
      return 0;
    }
    for await (const piece of archive) if (!stdout.write(piece)) await once(stdout, 'drain', { signal });
    return 0;
  },
});
