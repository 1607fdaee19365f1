import { defineCommand } from '#cli/command.ts';
import { readableFile } from '#cli/commands/image/input-file.ts';
import { platformObject } from '#cli/commands/image/platform-object.ts';
import { flag, text } from '#cli/options.ts';
import { showProgress } from '#cli/output/progress.ts';
import { loadImages } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    input: text({ short: 'i', help: 'Read from tar archive file, instead of STDIN' }),
    platform: text({ help: 'Load only the given platform (e.g., "linux/amd64")' }),
    quiet: flag({ short: 'q', help: 'Suppress the load output' }),
  },
  async run(context, { options }) {
    if (options.input === undefined && context.stdin.isTTY === true) {
      throw new DhowError('InvalidParameter', 'requested load from stdin, but stdin is empty');
    }
    const stream =
      options.input === undefined
        ? context.stdin
        : await readableFile(options.input, context.workingDirectory);
    // Progress is for eyes; a program that reads the output wants to know what was loaded and nothing else.
    const quiet = options.quiet || context.stdout.isTTY !== true;
    const query = {
      quiet,
      ...(options.platform === undefined ? {} : { platform: platformObject(options.platform) }),
    };
    const messages = await loadImages(context.client, stream, query, context.signal);
    await showProgress(messages, context.stdout);
    return 0;
  },
});
