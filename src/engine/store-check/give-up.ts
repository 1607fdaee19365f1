import type { CheckParts } from '#engine/store-check/parts.ts';
import type { StoreProblem } from '#engine/store-check.ts';
import type { Digest } from '#image/digest.ts';
import { familiarName, parseReference } from '#image/reference.ts';

/** Images that are beyond help go, so that a pull or load brings them anew; those with containers cannot. */
export function giveUpImages(
  { images, usersOfImage }: CheckParts,
  ids: readonly Digest[],
): Pick<StoreProblem, 'outcome' | 'remedy'> {
  const names: string[] = [];
  for (const id of ids) {
    const image = images.find(id);
    if (!image) continue;
    const shown = image.tags.map((tag) => familiarName(parseReference(tag))).join(', ') || image.id;
    const [user] = usersOfImage(id);
    if (user) {
      return {
        outcome: 'not-mended',
        remedy: `container ${user.id.slice(0, 12)} uses ${shown}: remove it, repair again, then pull or load the image`,
      };
    }
    names.push(shown);
  }
  for (const id of ids) images.remove(id);
  return {
    outcome: 'mended',
    remedy: `removed what cannot be had again: pull or load ${names.join(', ')} anew`,
  };
}
