import type { Readable } from 'node:stream';
import { decompress } from '#archive/decompress.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { type ArchiveIndex, readImageArchive } from '#engine/images/read-image-archive.ts';
import type { PullProgress } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { parseImageConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import { hexOf } from '#image/digest.ts';
import { canonicalTag, familiarName, parseReference, withDefaultTag } from '#image/reference.ts';
import type { ImageRecord, Lease } from '#store/images.ts';

const LARGEST_CONFIG_BYTES = 8 * 1024 * 1024;

export interface LoadOptions {
  onProgress: (progress: PullProgress) => void;
  signal: AbortSignal;
}

export interface LoadedImage {
  image: ImageRecord;
  /** Familiar names that the archive gave it; empty for an image without a tag. */
  names: string[];
}

/** See `ImageService.load`. */
export async function loadImages(
  parts: ImageParts,
  tar: Readable,
  options: LoadOptions,
): Promise<LoadedImage[]> {
  try {
    using lease = parts.collector.lease();
    const { images } = await readImageArchive(parts, decompress(tar), options.signal);
    const loaded: LoadedImage[] = [];
    for (const entry of images) loaded.push(await loadOne(parts, lease, entry, options));
    await Promise.all([parts.layers.durable(), parts.database.durable()]);
    return loaded;
  } finally {
    // The archive's blobs were only needed to unpack, unless an image refers to them.
    await parts.collector.collect();
  }
}

async function loadOne(
  parts: ImageParts,
  lease: Lease,
  entry: ArchiveIndex['images'][number],
  options: LoadOptions,
): Promise<LoadedImage> {
  const configBytes = await parts.content.read(entry.config, LARGEST_CONFIG_BYTES);
  const config = parseImageConfig(configBytes);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== entry.layers.length) {
    throw new DhowError(
      'InvalidParameter',
      `the archive is malformed: image ${entry.config} has ${diffIds.length} layers in its configuration and ${entry.layers.length} in its manifest`,
    );
  }
  lease.hold(diffIds);
  await Promise.all(
    diffIds.map(async (diffId, index) => {
      if (parts.layers.has(diffId)) return;
      const blob = entry.layers[index] as Digest;
      const layer = hexOf(diffId).slice(0, 12);
      const total = parts.content.sizeOf(blob);
      await parts.layers.unpack(diffId, parts.content.stream(blob), {
        onProgress: (current) => options.onProgress({ phase: 'unpacking', layer, current, total }),
        signal: options.signal,
      });
      options.onProgress({ phase: 'complete', layer });
    }),
  );
  const references = entry.tags.map((tag) => withDefaultTag(parseReference(tag)));
  const id = entry.config;
  parts.database.transaction(() => {
    parts.images.add({ id, config, ...(entry.manifest ? { manifestDigest: entry.manifest } : {}) });
    for (const reference of references) parts.images.setTag(canonicalTag(reference), id);
  });
  const image = parts.images.find(id);
  if (!image) throw new DhowError('Internal', `image ${id} vanished while it was loaded`);
  parts.events.emit({ type: 'image', action: 'load', id, attributes: { name: entry.tags[0] ?? id } });
  return { image, names: references.map(familiarName) };
}
