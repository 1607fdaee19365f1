import { getImage } from '#engine/images/find.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { DhowError } from '#errors/error.ts';
import { canonicalTag, familiarName, parseReference, withDefaultTag } from '#image/reference.ts';

/** Points a name at an image, moving it from another one. @throws InvalidParameter for a target with a digest */
export async function tagImage(parts: ImageParts, source: string, target: string): Promise<void> {
  const image = getImage(parts, source);
  const reference = parseReference(target);
  if (reference.digest) {
    throw new DhowError('InvalidParameter', 'refusing to create a tag with a digest reference');
  }
  const tagged = withDefaultTag(reference);
  parts.images.setTag(canonicalTag(tagged), image.id);
  await parts.database.durable();
  parts.events.emit({
    type: 'image',
    action: 'tag',
    id: image.id,
    attributes: { name: familiarName(tagged) },
  });
}
