import type { ImageParts } from '#engine/images/parts.ts';
import type { PullOptions } from '#engine/images/pull.ts';
import { DhowError } from '#errors/error.ts';
import { familiarName, familiarRepository, parseReference } from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

/** See `ImageService.pullAll`. One after the other: the tags of a repository mostly share their layers. */
export async function pullAllTags(
  parts: ImageParts,
  pull: (name: string, options: PullOptions) => Promise<ImageRecord>,
  name: string,
  options: PullOptions,
): Promise<void> {
  const reference = parseReference(name);
  if (reference.tag || reference.digest) {
    throw new DhowError('InvalidParameter', 'tag can not be used with --all-tags/-a');
  }
  const tags = await parts.registry.listTags(reference, options);
  if (tags.length === 0) {
    throw new DhowError('NotFound', `${familiarRepository(reference)} has no tags`, {
      reason: 'image-not-found',
    });
  }
  let isUpToDate = true;
  for (const tag of tags) {
    await pull(familiarName({ ...reference, tag }), {
      ...options,
      onProgress(progress) {
        if (progress.phase !== 'done') options.onProgress(progress);
        else isUpToDate &&= progress.upToDate;
      },
    });
  }
  options.onProgress({ phase: 'done', reference: familiarRepository(reference), upToDate: isUpToDate });
}
