import { defineCommand } from '#cli/command.ts';
import { splitReference } from '#cli/commands/image/reference-text.ts';
import { tagImage } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]'],
  operands: { min: 2, max: 2 },
  options: {},
  async run(context, { operands }) {
    const [source = '', target = ''] = operands;
    const { name, tag, digest } = splitReference(target);
    if (digest !== undefined)
      throw new DhowError('InvalidParameter', 'refusing to create a tag with a digest reference');
    await tagImage(context.client, source, { repo: name, tag: tag ?? 'latest' }, context.signal);
    return 0;
  },
});
