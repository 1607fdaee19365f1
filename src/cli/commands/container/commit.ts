import { defineCommand } from '#cli/command.ts';
import { splitReference } from '#cli/commands/image/reference-text.ts';
import { flag, list, text } from '#cli/options.ts';
import { commitContainer } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER [REPOSITORY[:TAG]]'],
  operands: { min: 1, max: 2 },
  options: {
    author: text({ short: 'a', help: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")' }),
    change: list({ short: 'c', help: 'Apply Dockerfile instruction to the created image' }),
    message: text({ short: 'm', help: 'Commit message' }),
    pause: flag({ short: 'p', help: 'Pause container during commit (default true)' }, true),
  },
  async run(context, { options, operands: [container = '', reference] }) {
    const target = reference === undefined ? undefined : splitReference(reference);
    if (target?.digest !== undefined) {
      throw new DhowError('InvalidParameter', 'refusing to create a tag with a digest reference');
    }
    const { Id } = await commitContainer(
      context.client,
      {
        container,
        repo: target?.name,
        tag: target?.tag,
        comment: options.message,
        author: options.author,
        changes: options.change,
        pause: options.pause ? undefined : 'false',
      },
      context.signal,
    );
    context.stdout.write(`${Id}\n`);
    return 0;
  },
});
