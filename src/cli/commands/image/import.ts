import { defineCommand } from '#cli/command.ts';
import { readableFile } from '#cli/commands/image/input-file.ts';
import { splitReference } from '#cli/commands/image/reference-text.ts';
import { list, text } from '#cli/options.ts';
import { showProgress } from '#cli/output/progress.ts';
import { importImage } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] file|URL|- [REPOSITORY[:TAG]]'],
  operands: { min: 1, max: 2 },
  options: {
    change: list({ short: 'c', help: 'Apply Dockerfile instruction to the created image' }),
    message: text({ short: 'm', help: 'Set commit message for imported image' }),
    platform: text({ help: 'Set platform if server is multi-platform capable' }),
  },
  async run(context, { options, operands }) {
    const [source = '', reference] = operands;
    const target = reference === undefined ? undefined : splitReference(reference);
    if (target?.digest !== undefined) {
      throw new DhowError('InvalidParameter', 'refusing to create a tag with a digest reference');
    }
    const origin = /^https?:\/\//.test(source)
      ? { url: source }
      : { stream: source === '-' ? context.stdin : await readableFile(source, context.workingDirectory) };
    const messages = await importImage(
      context.client,
      {
        source: origin,
        repository: target?.name,
        tag: target?.tag,
        message: options.message,
        changes: options.change,
        platform: options.platform,
      },
      context.signal,
    );
    await showProgress(messages, context.stdout);
    return 0;
  },
});
