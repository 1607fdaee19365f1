import { chooseManifest, type PushedManifest } from '#engine/images/choose-pushed-manifest.ts';
import { encodeIndex } from '#engine/images/encode-index.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { createLayerPusher, type PushTarget } from '#engine/images/push-layer.ts';
import type { PushProgress } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { maxConfigBytes } from '#image/config.ts';
import type { Descriptor } from '#image/manifest.ts';
import { matchesPlatform, type Platform, platformOfConfig } from '#image/platform.ts';
import {
  canonicalRepoDigest,
  canonicalRepository,
  canonicalTag,
  familiarName,
  familiarRepository,
  parseReference,
  type Reference,
  withDefaultTag,
} from '#image/reference.ts';
import type { Credentials } from '#registry/registry.ts';
import type { ImageRecord, Lease } from '#store/images.ts';

export interface PushOptions {
  /** Every tag of the repository. */
  allTags: boolean;
  /** Only this image of those that the tag stands for. */
  platform?: Platform;
  credentials?: Credentials | undefined;
  onProgress: (progress: PushProgress) => void;
  signal: AbortSignal;
}

/** See `ImageService.push`. */
export async function pushImages(parts: ImageParts, name: string, options: PushOptions): Promise<void> {
  const named = parseReference(name);
  if (named.digest) throw new DhowError('InvalidParameter', 'cannot push a digest reference');
  if (options.allTags && named.tag) {
    throw new DhowError('InvalidParameter', 'tag can not be used with --all-tags/-a');
  }
  const tagged = findTags(parts, named, options.allTags);
  options.onProgress({ phase: 'repository', repository: canonicalRepository(named) });
  // What is fetched or compressed for the push stays until we are through, and not longer.
  {
    using lease = parts.collector.lease();
    for (const one of tagged) await pushTag(parts, lease, one, options);
  }
  await parts.collector.collect();
}

interface Tagged {
  image: ImageRecord;
  reference: Reference;
}

function findTags(parts: ImageParts, named: Reference, all: boolean): Tagged[] {
  const repository = `${canonicalRepository(named)}:`;
  const known = parts.images
    .list()
    .flatMap((image) => image.tags.filter((tag) => tag.startsWith(repository)).map((tag) => ({ image, tag })))
    .map(({ image, tag }) => ({ image, reference: parseReference(tag) }));
  if (known.length === 0) {
    throw new DhowError(
      'NotFound',
      `An image does not exist locally with the tag: ${familiarRepository(named)}`,
      { reason: 'image-not-found' },
    );
  }
  if (all) return known;
  const wanted = withDefaultTag(named);
  const image = parts.images.findByTag(canonicalTag(wanted));
  if (image) return [{ image, reference: wanted }];
  throw new DhowError('NotFound', `tag does not exist: ${familiarName(wanted)}`, {
    reason: 'image-not-found',
  });
}

/** The image that has the tag, or an index of those that it stands for. */
async function pushTag(
  parts: ImageParts,
  lease: Lease,
  { image, reference }: Tagged,
  options: PushOptions,
): Promise<void> {
  const index = parts.indexes.find(canonicalTag(reference));
  const all = (index?.images ?? [image.id]).flatMap((id) => parts.images.find(id) ?? []);
  const { platform } = options;
  const images = platform ? all.filter(({ config }) => matchesPlatform(config, platform)).slice(0, 1) : all;
  if (images.length === 0) {
    throw new DhowError('NotFound', `${familiarName(reference)} has no image for the platform`, {
      reason: 'image-not-found',
    });
  }
  for (const { id, config } of images) lease.hold([...config.rootfs.diff_ids, ...parts.images.contentOf(id)]);
  const { tag: _, ...untagged } = reference;
  const pushed: Descriptor[] = [];
  for (const one of images) {
    const manifest = await pushImage(parts, one, images.length === 1 ? reference : untagged, options);
    pushed.push({ ...manifest, platform: platformOfConfig(one.config) });
  }
  const { digest, size } =
    index !== undefined && images.length > 1
      ? await pushIndexOf(parts, reference, encodeIndex(pushed, index.annotations), options)
      : (pushed[0] as Descriptor);
  parts.database.transaction(() => {
    // The image may have been removed meanwhile: what was pushed is pushed.
    if (parts.images.find(image.id))
      parts.images.addRepoDigest(canonicalRepoDigest(reference, digest), image.id);
  });
  await parts.database.durable();
  options.onProgress({ phase: 'tag', tag: reference.tag ?? '', digest, sizeBytes: size });
  parts.events.emit({
    type: 'image',
    action: 'push',
    id: familiarName(reference),
    attributes: { ...image.config.config?.Labels, name: familiarRepository(reference) },
  });
}

async function pushIndexOf(
  { registry }: ImageParts,
  reference: Reference,
  index: ReturnType<typeof encodeIndex>,
  { credentials, signal }: PushOptions,
): Promise<Pick<Descriptor, 'digest' | 'size'>> {
  return {
    digest: await registry.pushManifest(reference, index, { credentials, signal }),
    size: index.bytes.length,
  };
}

async function pushImage(
  parts: ImageParts,
  image: ImageRecord,
  reference: Reference,
  options: PushOptions,
): Promise<Descriptor> {
  const { credentials, onProgress, signal } = options;
  const abort = new AbortController();
  const target: PushTarget = {
    reference,
    credentials,
    onProgress,
    signal: AbortSignal.any([signal, abort.signal]),
  };
  const pusher = createLayerPusher(parts, target);
  let manifest: PushedManifest;
  try {
    manifest = await chooseManifest(parts, image, pusher, onProgress);
    const config = await parts.content.read(image.id, maxConfigBytes);
    const isThere = await parts.registry.hasBlob(reference, image.id, target);
    if (!isThere) {
      const blob = {
        digest: image.id,
        sizeBytes: config.length,
        open: (offset: number) => once(config, offset),
      };
      await parts.registry.pushBlob(reference, blob, { credentials, signal });
    }
  } finally {
    // The first failure stops what else is under way.
    abort.abort();
    await pusher.settled();
  }
  const digest = await parts.registry.pushManifest(reference, manifest, { credentials, signal });
  await parts.content.put(manifest.bytes);
  parts.database.transaction(() => {
    if (!parts.images.find(image.id)) return;
    parts.images.add({ id: image.id, config: image.config, manifestDigest: digest });
    // Kept because nobody else had them; now the registry has.
    parts.images.dropContent(image.id, manifest.layers);
  });
  return { mediaType: manifest.mediaType, digest, size: manifest.bytes.length };
}

async function* once(bytes: Buffer, offset: number): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(offset);
}
