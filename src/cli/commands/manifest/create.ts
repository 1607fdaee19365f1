import { defineCommand } from '#cli/command.ts';
import { insecureOption } from '#cli/commands/manifest/access.ts';
import { fetchManifest, isIndexType } from '#cli/commands/manifest/fetch.ts';
import { canonicalReference, type ListedImage, readList, writeList } from '#cli/commands/manifest/store.ts';
import { flag } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['MANIFEST_LIST MANIFEST [MANIFEST...]'],
  operands: { min: 2 },
  options: {
    amend: flag({ short: 'a', help: 'Amend an existing manifest list' }),
    insecure: insecureOption,
  },
  async run(context, { options, operands }) {
    const [listName = '', ...images] = operands;
    const name = canonicalReference(listName);
    const known = await readList(context, name);
    if (known && !options.amend) {
      throw new DhowError('Conflict', 'refusing to amend an existing manifest list with no --amend flag');
    }
    const listed = new Map<string, ListedImage>(known?.images.map((image) => [image.reference, image]));
    for (const image of images) {
      const reference = canonicalReference(image);
      const { Descriptor: descriptor, Platforms: platforms } = await fetchManifest(
        context,
        reference,
        options,
      );
      const [platform] = platforms;
      if (isIndexType(descriptor.mediaType) || platform === undefined) {
        throw new DhowError(
          'InvalidParameter',
          `${image} is a manifest list: name the images that it is made of`,
        );
      }
      listed.set(reference, { reference, descriptor, platform });
    }
    await writeList(context, { name, images: [...listed.values()] });
    context.stdout.write(`Created manifest list ${name}\n`);
    return 0;
  },
});
