import { storedManifests } from '#engine/images/choose-pushed-manifest.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { ImageVariant } from '#engine/images.ts';
import { digestOf } from '#image/digest.ts';
import type { ImageRecord } from '#store/images.ts';

/** See `ImageService.variantsOf`. */
export async function variantsOf(parts: ImageParts, image: ImageRecord): Promise<ImageVariant[]> {
  const { images, indexes } = parts;
  const ids = new Set(image.tags.flatMap((tag) => indexes.find(tag)?.images ?? []));
  const all = [...ids.add(image.id)].flatMap((id) => images.find(id) ?? []);
  return Promise.all(all.map((one) => describeVariant(parts, one)));
}

async function describeVariant(parts: ImageParts, image: ImageRecord): Promise<ImageVariant> {
  const { content, images } = parts;
  const kept = images.contentOf(image.id).filter((digest) => content.has(digest));
  const contentBytes = kept.reduce((sum, digest) => sum + content.sizeOf(digest), 0);
  for await (const { manifest, bytes } of storedManifests(parts, image)) {
    const descriptor = { mediaType: manifest.mediaType, digest: digestOf(bytes), size: bytes.length };
    return { image, contentBytes, descriptor };
  }
  // It was made here, and its manifest is made when it is pushed.
  const size = content.sizeOf(image.id);
  const mediaType = 'application/vnd.oci.image.config.v1+json';
  return { image, contentBytes, descriptor: { mediaType, digest: image.id, size } };
}
