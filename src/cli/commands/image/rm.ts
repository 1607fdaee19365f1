import { defineCommand } from '#cli/command.ts';
import { platformObject } from '#cli/commands/image/platform-object.ts';
import { flag, list } from '#cli/options.ts';
import { forEach } from '#cli/output/failures.ts';
import { removeImage } from '#client/images.ts';
import { kindOf } from '#errors/error.ts';
import type { ImageDeleteItem } from '#wire/images.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE [IMAGE...]'],
  operands: { min: 1 },
  options: {
    force: flag({ short: 'f', help: 'Force removal of the image' }),
    'no-prune': flag({ help: 'Do not delete untagged parents' }),
    platform: list({ help: 'Remove only the given platform variant' }, 'strings'),
  },
  async run(context, { options, operands }) {
    let isFatal = false;
    const platforms = options.platform.flatMap((value) => value.split(',')).map(platformObject);
    const code = await forEach(context, operands, async (name) => {
      try {
        const query = {
          ...(options.force ? { force: true } : {}),
          ...(options['no-prune'] ? { noprune: true } : {}),
          ...(platforms.length > 0 ? { platforms } : {}),
        };
        const items = await removeImage(context.client, name, query, context.signal);
        context.stdout.write(items.map(formatDeletion).join(''));
      } catch (error) {
        if (kindOf(error) !== 'NotFound') isFatal = true;
        throw error;
      }
    });
    // With --force a missing image is told of and is no failure.
    return options.force && !isFatal ? 0 : code;
  },
});

export function formatDeletion(item: ImageDeleteItem): string {
  return item.Deleted ? `Deleted: ${item.Deleted}\n` : `Untagged: ${item.Untagged ?? ''}\n`;
}
