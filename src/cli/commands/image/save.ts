import { once } from 'node:events';
import { defineCommand } from '#cli/command.ts';
import { platformObject } from '#cli/commands/image/platform-object.ts';
import { text } from '#cli/options.ts';
import { writeOutputFile } from '#cli/output/output-file.ts';
import { saveImages } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE [IMAGE...]'],
  operands: { min: 1 },
  options: {
    output: text({ short: 'o', help: 'Write to a file, instead of STDOUT' }),
    platform: text({ help: 'Save only the given platform (e.g., "linux/amd64")' }),
  },
  async run(context, { options, operands }) {
    const { stdout, signal } = context;
    if (options.output === undefined && stdout.isTTY === true) {
      throw new DhowError(
        'InvalidParameter',
        'cowardly refusing to save to a terminal. Use the -o flag or redirect',
      );
    }
    const query = options.platform === undefined ? {} : { platform: platformObject(options.platform) };
    const archive = await saveImages(context.client, operands, query, signal);
    if (options.output !== undefined) {
      await writeOutputFile(options.output, context.workingDirectory, archive);
      return 0;
    }
    for await (const piece of archive) if (!stdout.write(piece)) await once(stdout, 'drain', { signal });
    return 0;
  },
});
