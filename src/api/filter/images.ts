import type { Filters } from '#api/decode/filters.ts';
import { decodeUntil } from '#api/decode/timestamps.ts';
import { familiar } from '#api/encode/images.ts';
import { epochSeconds } from '#api/encode/timestamps.ts';
import type { ImageRecord } from '#api/engine-values.ts';
import { compilePathPattern } from '#dockerignore/path-pattern.ts';
import type { ImageService } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';

export const imageFilterNames = ['before', 'dangling', 'label', 'label!', 'reference', 'since', 'until'];

/**
 * The images that satisfy the filters; `all` counts those as well that have no name and stand beside one that has; `reference` also narrows the names that an image is shown with.
 * @throws InvalidParameter for a value that cannot be; NotFound for `before` and `since` naming no image
 */
export function filterImages(
  images: ImageService,
  filters: Filters,
  { all, now }: { all: boolean; now: Date },
): ImageRecord[] {
  const before = filters.values('before').map((name) => createdAt(images.get(name)));
  const since = filters.values('since').map((name) => createdAt(images.get(name)));
  const until = filters.values('until').map((text) => decodeUntil(text, now).getTime() / 1000);
  const dangling = filters.flag('dangling');
  const references = filters.values('reference').map(referenceMatcher);
  return images
    .list({ beside: all })
    .filter(
      (image) =>
        isAsDangling(image, dangling) &&
        filters.labels(image.config.config?.Labels ?? {}) &&
        [...before, ...until].every((moment) => createdAt(image) < moment) &&
        since.every((moment) => createdAt(image) > moment),
    )
    .flatMap((image) => {
      if (references.length === 0) return [image];
      const matches = (name: string): boolean => references.some((matcher) => matcher(name));
      const tags = image.tags.filter(matches);
      const repoDigests = image.repoDigests.filter(matches);
      return tags.length + repoDigests.length > 0 ? [{ ...image, tags, repoDigests }] : [];
    });
}

/** An image with a digest and no tag counts as either, as with Docker. */
function isAsDangling({ tags, repoDigests }: ImageRecord, dangling: boolean | undefined): boolean {
  if (dangling === undefined) return true;
  return dangling ? tags.length === 0 : tags.length + repoDigests.length > 0;
}

/** Which images a prune may remove. @throws InvalidParameter for a malformed `until` */
export function pruneMatcher(filters: Filters, now: Date): (image: ImageRecord) => boolean {
  const until = filters.values('until').map((text) => decodeUntil(text, now).getTime() / 1000);
  return (image) =>
    filters.labels(image.config.config?.Labels ?? {}) && until.every((moment) => createdAt(image) < moment);
}

function createdAt(image: ImageRecord): number {
  return epochSeconds(image.config.created);
}

/** A shell pattern on the familiar name, with or without its tag; `*` and `?` stop at slashes. */
function referenceMatcher(glob: string): (canonical: string) => boolean {
  const matches = compilePathPattern(glob, { doubleStar: false });
  if (matches === undefined) {
    throw new DhowError(
      'InvalidParameter',
      `invalid filter 'reference=${glob.slice(0, 60)}': syntax error in pattern`,
    );
  }
  return (canonical) => {
    const name = familiar(canonical);
    return matches(name) || matches(name.replace(/(:[^:/@]+)?(@.*)?$/, ''));
  };
}
