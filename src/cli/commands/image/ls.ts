import { defineCommand } from '#cli/command.ts';
import { type Filter, filterOption, groupFilters } from '#cli/filters.ts';
import { flag } from '#cli/options.ts';
import { renderImageTree } from '#cli/output/image-tree.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import {
  imageListing,
  imageRaw,
  imageRawWithDigests,
  imageRows,
  imageTable,
  imageTableWithDigests,
} from '#cli/output/listings/images.ts';
import { readPreferences } from '#cli/preferences.ts';
import { listImages } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] [REPOSITORY[:TAG]]'],
  operands: { max: 1 },
  options: {
    all: flag({ short: 'a', help: 'Show all images (default hides intermediate images)' }),
    digests: flag({ help: 'Show digests' }),
    filter: filterOption(undefined, 'f'),
    format: listFormat,
    'no-trunc': flag({ help: "Don't truncate output" }),
    quiet: flag({ short: 'q', help: 'Only show image IDs' }),
    tree: flag({ help: 'List multi-platform images as a tree' }),
  },
  async run(context, { options, given, operands }) {
    const filters: Filter[] = [...options.filter, ...operands.map((name): Filter => ['reference', name])];
    const query = { ...(options.all ? { all: true } : {}), filters: groupFilters(filters) };
    if (options.tree) {
      const other = ['quiet', 'no-trunc', 'digests', 'format'].find((name) => given.has(name));
      if (other !== undefined) {
        throw new DhowError('InvalidParameter', `--${other} is not yet supported with --tree`);
      }
      const listed = await listImages(context.client, { ...query, manifests: true }, context.signal);
      context.stdout.write(renderImageTree(listed, context.stdout.columns ?? 80));
      return 0;
    }
    const { imagesFormat } =
      options.format === undefined ? await readPreferences(context.configDirectory) : {};
    const chosen = chooseFormat(context, {
      given: options.format,
      configured: imagesFormat,
      quiet: options.quiet,
      table: options.digests ? imageTableWithDigests : imageTable,
      raw: options.digests ? imageRawWithDigests : imageRaw,
      quietFormat: '{{.ID}}',
      quietRaw: 'image_id: {{.ID}}',
    });
    const addsDigest = options.digests && chosen.startsWith('table') && !chosen.includes('{{.Digest}}');
    const format = addsDigest ? `${chosen}\t{{.Digest}}` : chosen;
    const images = await listImages(context.client, query, context.signal);
    const withDigests = options.digests || format.includes('{{.Digest}}');
    const rows = images.flatMap((image) => imageRows(image, withDigests, options.digests));
    context.stdout.write(renderListing(imageListing(Date.now(), !options['no-trunc']), rows, format));
    return 0;
  },
});
