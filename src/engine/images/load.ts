import type { Readable } from 'node:stream';
import { decompress, detectCompression, magicBytes } from '#archive/decompress.ts';
import { forEachAtOnce } from '#engine/images/for-each-at-once.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { type ArchiveImage, type ArchiveLayer, readImageArchive } from '#engine/images/read-image-archive.ts';
import { requireUsableSystem } from '#engine/images/require-usable-system.ts';
import type { PullProgress } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { type ImageConfig, maxConfigBytes, parseImageConfig } from '#image/config.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import { formatPlatform, matchesPlatform, type Platform } from '#image/platform.ts';
import {
  canonicalTag,
  familiarName,
  parseReference,
  type Reference,
  withDefaultTag,
} from '#image/reference.ts';
import type { ImageRecord, Lease } from '#store/images.ts';

export interface LoadOptions {
  platform?: Platform;
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
  const { platform, signal } = options;
  try {
    using lease = parts.collector.lease();
    const images = await readImageArchive(parts, decompress(tar), options);
    const loaded: LoadedImage[] = [];
    for (const entry of images) {
      const config = parseImageConfig(await parts.content.read(entry.config, maxConfigBytes));
      if (platform && !matchesPlatform(config, platform)) continue;
      loaded.push(await loadOne(parts, lease, entry, config, options));
    }
    if (loaded.length === 0 && platform) {
      throw new DhowError('NotFound', `the archive has no image for ${formatPlatform(platform)}`);
    }
    await Promise.all([parts.layers.durable(), parts.database.durable()]);
    signal.throwIfAborted();
    return loaded;
  } finally {
    // The archive's blobs were only needed to unpack, unless an image refers to them.
    await parts.collector.collect();
  }
}

async function loadOne(
  parts: ImageParts,
  lease: Lease,
  entry: ArchiveImage,
  config: ImageConfig,
  options: LoadOptions,
): Promise<LoadedImage> {
  requireUsableSystem(config);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== entry.layers.length) {
    throw new DhowError(
      'InvalidParameter',
      `the archive is malformed: image ${entry.config} has ${diffIds.length} layers in its configuration and ${entry.layers.length} in its manifest`,
    );
  }
  const references = entry.tags.map(parseTag);
  lease.hold(diffIds);
  const layers = diffIds.map((diffId, index) => ({ diffId, blob: entry.layers[index] as ArchiveLayer }));
  await forEachAtOnce(parts.maxConcurrentLayers, layers, async ({ diffId, blob }) => {
    if (parts.layers.has(diffId)) return;
    if (!parts.content.has(blob.digest)) throw wrongLayer(diffIds.indexOf(diffId), diffId, blob.digest);
    const layer = hexOf(diffId).slice(0, 12);
    const total = parts.content.sizeOf(blob.digest);
    await parts.layers.unpack(diffId, parts.content.stream(blob.digest), {
      onProgress: (current) => options.onProgress({ phase: 'unpacking', layer, current, total }),
      signal: options.signal,
    });
    options.onProgress({ phase: 'complete', layer });
  });
  const content: Digest[] = [];
  for (const { diffId, blob } of layers) if (await keepForm(parts, diffId, blob)) content.push(blob.digest);

  const id = entry.config;
  const { manifest } = entry;
  parts.database.transaction(() => {
    parts.images.add({ id, config, content, ...(manifest ? { manifestDigest: manifest } : {}) });
    for (const reference of references) parts.images.setTag(canonicalTag(reference), id);
  });
  const image = parts.images.find(id);
  if (!image) throw new DhowError('Internal', `image ${id} vanished while it was loaded`);
  parts.events.emit({ type: 'image', action: 'load', id, attributes: { name: entry.tags[0] ?? id } });
  return { image, names: references.map(familiarName) };
}

function parseTag(tag: string): Reference {
  const reference = parseReference(tag);
  if (reference.digest === undefined) return withDefaultTag(reference);
  throw new DhowError(
    'InvalidParameter',
    `the archive is malformed: "${tag.slice(0, 300)}" is a digest and no tag`,
  );
}

/** The archive's layer was unpacked when it came by, as what it is. */
function wrongLayer(index: number, expected: Digest, actual: Digest): DhowError {
  return new DhowError(
    'InvalidParameter',
    `the archive is malformed: invalid diffID for layer ${index}: expected "${expected}", got "${actual}"`,
  );
}

const defaultTypes = {
  gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/**
 * Remembers the compressed form of a layer for pushes. @returns whether its blob must stay: what only this archive had can be had
 * from nobody else
 */
async function keepForm(parts: ImageParts, diffId: Digest, blob: ArchiveLayer): Promise<boolean> {
  const { digest } = blob;
  if (digest === diffId || !parts.content.has(digest)) return false;
  const compression = await compressionOf(parts.content.stream(digest));
  if (compression !== 'gzip' && compression !== 'zstd') return false;
  const mediaType = blob.mediaType ?? defaultTypes[compression];
  parts.layerBlobs.remember({ digest, diffId, mediaType, sizeBytes: parts.content.sizeOf(digest) });
  return parts.layerBlobs.sourcesOf(digest).length === 0;
}

async function compressionOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of bytes) return detectCompression(chunk.subarray(0, magicBytes));
  return 'none';
}
