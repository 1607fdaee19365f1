import type { ImageParts } from '#engine/images/parts.ts';
import { DhowError, kindOf } from '#errors/error.ts';
import { isDigest } from '#image/digest.ts';
import { matchesPlatform, type Platform } from '#image/platform.ts';
import {
  candidateReferences,
  canonicalRepoDigest,
  canonicalTag,
  parseReference,
  type Reference,
  withDefaultTag,
} from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

type FindParts = Pick<ImageParts, 'images' | 'indexes' | 'searchRegistries'>;

/**
 * An image by full id, reference or unique id prefix, in this order, as Docker does.
 * @param platform which one is wanted of those that the name stands for; where none fits it is the one that the name points at
 * @throws InvalidParameter when ambiguous
 */
export function findImage(parts: FindParts, name: string, platform?: Platform): ImageRecord | undefined {
  const image = findNamed(parts, name);
  if (image === undefined || platform === undefined || matchesPlatform(image.config, platform)) return image;
  const beside = image.tags.flatMap((tag) => parts.indexes.find(tag)?.images ?? []);
  const others = beside.flatMap((id) => parts.images.find(id) ?? []);
  return others.find(({ config }) => matchesPlatform(config, platform)) ?? image;
}

function findNamed(parts: FindParts, name: string): ImageRecord | undefined {
  const { images } = parts;
  if (isDigest(name)) return images.find(name);
  if (/^[0-9a-f]{64}$/.test(name)) {
    const byId = images.findByIdPrefix(name)[0];
    if (byId) return byId;
  }
  const reference = tryParseReference(name);
  for (const candidate of reference ? candidateReferences(reference, parts.searchRegistries) : []) {
    const byReference = findByReference(parts, candidate);
    if (byReference) return byReference;
  }
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(name)?.[1];
  if (prefix === undefined) return undefined;
  const [first, second] = images.findByIdPrefix(prefix);
  if (second) {
    throw new DhowError(
      'InvalidParameter',
      `several images have an id that begins with "${name}": give more of it`,
    );
  }
  return first;
}

/** @throws NotFound (reason `image-not-found`) in Docker's words; InvalidParameter for a name that no image can have */
export function getImage(parts: FindParts, name: string, platform?: Platform): ImageRecord {
  const found = findImage(parts, name, platform);
  if (found) return found;
  const reference = isDigest(name) ? undefined : parseReference(name);
  const shown = reference && !reference.tag && !reference.digest ? `${name}:latest` : name;
  throw new DhowError('NotFound', `No such image: ${shown}`, { reason: 'image-not-found' });
}

export function findByReference(
  parts: Pick<ImageParts, 'images'>,
  reference: Reference,
): ImageRecord | undefined {
  if (reference.digest) {
    const repoDigest = canonicalRepoDigest(reference, reference.digest);
    return parts.images.findByRepoDigest(repoDigest);
  }
  return parts.images.findByTag(canonicalTag(withDefaultTag(reference)));
}

/** @returns undefined for what no image can be called, such as a full id */
export function tryParseReference(name: string): Reference | undefined {
  try {
    return parseReference(name);
  } catch (error) {
    if (kindOf(error) === 'InvalidParameter') return undefined;
    throw error;
  }
}
