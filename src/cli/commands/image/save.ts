import { defineCommand } from '#cli/command.ts';
import { platformObject } from '#cli/commands/image/platform-object.ts';
import { text } from '#cli/options.ts';
import { writeArchive } from '#cli/output/write-archive.ts';
import { saveImages } from '#client/images.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE [IMAGE...]'],
  operands: { min: 1 },
  options: {
    output: text({ short: 'o', help: 'Write to a file, instead of STDOUT' }),
    platform: text({ help: 'Save only the given platform (e.g., "linux/amd64")' }),
  },
  async run(context, { options, operands }) {
    const query = options.platform === undefined ? {} : { platform: platformObject(options.platform) };
    await writeArchive(context, options.output, () =>
      saveImages(context.client, operands, query, context.signal),
    );
    return 0;
  },
});
