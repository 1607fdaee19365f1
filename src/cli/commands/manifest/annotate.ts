import { defineCommand } from '#cli/command.ts';
import { canonicalReference, requireList, writeList } from '#cli/commands/manifest/store.ts';
import { list, text } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] MANIFEST_LIST MANIFEST'],
  operands: { min: 2, max: 2 },
  options: {
    arch: text({ help: 'Set architecture' }),
    os: text({ help: 'Set operating system' }),
    'os-features': list({ help: 'Set operating system feature' }, 'strings'),
    'os-version': text({ help: 'Set operating system version' }),
    variant: text({ help: 'Set architecture variant' }),
  },
  async run(context, { options, operands }) {
    const [listName = '', imageName = ''] = operands;
    const known = await requireList(context, canonicalReference(listName));
    const reference = canonicalReference(imageName);
    const image = known.images.find((entry) => entry.reference === reference);
    if (!image) {
      throw new DhowError('NotFound', `manifest for image ${imageName} does not exist in ${listName}`);
    }
    const features = options['os-features'].flatMap((value) => value.split(','));
    image.platform = {
      ...image.platform,
      ...(options.arch ? { architecture: options.arch } : {}),
      ...(options.os ? { os: options.os } : {}),
      ...(options.variant ? { variant: options.variant } : {}),
      ...(options['os-version'] ? { 'os.version': options['os-version'] } : {}),
      ...(features.length > 0 ? { 'os.features': features } : {}),
    };
    await writeList(context, known);
    return 0;
  },
});
