import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import { hasAnnotations } from '#engine/images/choose-pushed-manifest.ts';
import { getImage, tryParseReference } from '#engine/images/find.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { describeSaved, type SavedImage } from '#engine/images/saved-documents.ts';
import { DhowError } from '#errors/error.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import { type ImageManifest, maxManifestBytes, parseManifestOrIndex } from '#image/manifest.ts';
import { formatPlatform, matchesPlatform, type Platform } from '#image/platform.ts';
import { canonicalRepository, canonicalTag } from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

export interface SaveOptions {
  platform?: Platform;
  signal: AbortSignal;
}

/** See `ImageService.save`. */
export function saveImages(
  parts: ImageParts,
  names: readonly string[],
  { platform, signal }: SaveOptions,
): AsyncIterable<Uint8Array> {
  if (names.length === 0) throw new DhowError('InvalidParameter', 'name at least one image to save');
  const chosen = new Map<Digest, { image: ImageRecord; tags: Set<string> }>();
  for (const { image, tag, name } of names.flatMap((name) => chooseNames(parts, name, platform))) {
    if (platform && !matchesPlatform(image.config, platform)) {
      throw new DhowError(
        'NotFound',
        `no suitable export target found for platform ${formatPlatform(platform)}: image ${name} is for ${formatPlatform(image.config)}`,
        { reason: 'image-not-found' },
      );
    }
    const entry = chosen.get(image.id) ?? { image, tags: new Set() };
    if (tag !== undefined) entry.tags.add(tag);
    chosen.set(image.id, entry);
    const others = tag === undefined || platform ? undefined : parts.indexes.find(tag);
    for (const id of others?.images ?? []) {
      const other = parts.images.find(id);
      if (other && !chosen.has(id)) chosen.set(id, { image: other, tags: new Set() });
    }
  }
  // Asked for now, so that what cannot be saved is told before the first byte.
  for (const { image } of chosen.values())
    for (const diffId of image.config.rootfs.diff_ids) parts.layers.tarBytesOf(diffId);
  const images = [...chosen.values()].map(({ image, tags }) => ({ image, tags: [...tags] }));
  return writeArchive(parts, images, signal);
}

interface Choice {
  image: ImageRecord;
  tag: string | undefined;
  /** As the user wrote it. */
  name: string;
}

/** As Docker: a name without a tag means all tags of its repository; an id or a digest brings no name along. */
function chooseNames(parts: ImageParts, name: string, platform: Platform | undefined): Choice[] {
  const reference = tryParseReference(name);
  if (reference && !reference.digest && !reference.tag) {
    const repository = `${canonicalRepository(reference)}:`;
    const found = parts.images
      .list()
      .flatMap((image) =>
        image.tags.filter((tag) => tag.startsWith(repository)).map((tag) => ({ image, tag, name })),
      );
    if (found.length > 0) return found;
  }
  const image = getImage(parts, name, platform);
  const tag = reference?.tag && !reference.digest ? canonicalTag(reference) : undefined;
  // `sha256:…` reads as the name of an image, and is an id.
  return [{ image, tag: tag !== undefined && image.tags.includes(tag) ? tag : undefined, name }];
}

async function* writeArchive(
  parts: ImageParts,
  chosen: readonly { image: ImageRecord; tags: string[] }[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  // The images may be removed meanwhile; what they are made of stays until we are through.
  using lease = parts.collector.lease();
  for (const { image } of chosen) {
    lease.hold(image.config.rootfs.diff_ids);
    lease.hold(parts.images.contentOf(image.id));
  }
  const saved: SavedImage[] = [];
  for (const { image, tags } of chosen) {
    const config = await parts.content.read(image.id, maxManifestBytes * 2);
    const original = await findWholeManifest(parts, image);
    const layers = image.config.rootfs.diff_ids.map((diffId, index) => {
      const kept = original?.manifest.layers[index];
      return kept
        ? { diffId, digest: kept.digest, mediaType: kept.mediaType, sizeBytes: kept.size }
        : { diffId, digest: diffId, mediaType: tarMediaType, sizeBytes: parts.layers.tarBytesOf(diffId) };
    });
    const annotations = parts.images.annotationsOf(image.id) ?? {};
    saved.push({
      ...{ id: image.id, config, image: image.config, tags, layers, annotations },
      manifest: original?.bytes,
    });
  }
  const { documents, blobs } = describeSaved(saved, (tag) => parts.indexes.find(tag));

  yield directory('blobs/');
  yield directory('blobs/sha256/');
  for (const { name, bytes } of [...documents, ...blobs]) yield* inMemory(name, bytes);
  const written = new Set<Digest>();
  for (const { layers } of saved) {
    for (const { diffId, digest, sizeBytes } of layers) {
      if (written.has(digest)) continue;
      written.add(digest);
      yield header(`blobs/sha256/${hexOf(digest)}`, sizeBytes);
      yield* digest === diffId ? parts.layers.export(diffId, signal) : parts.content.stream(digest);
      yield tarPadding(sizeBytes);
    }
  }
  yield tarTrailer();
  for (const { image, tags } of chosen) {
    const name = tags[0] ?? image.id;
    parts.events.emit({ type: 'image', action: 'save', id: image.id, attributes: { name } });
  }
}

const tarMediaType = 'application/vnd.oci.image.layer.v1.tar';

/** A manifest all of whose layers are kept as they were received: it goes along unchanged, so that its digest stays. */
async function findWholeManifest(
  parts: ImageParts,
  image: ImageRecord,
): Promise<{ bytes: Buffer; manifest: ImageManifest } | undefined> {
  for (const digest of parts.images.manifestsOf(image.id)) {
    if (!parts.content.has(digest)) continue;
    const bytes = await parts.content.read(digest, maxManifestBytes);
    const document = parseManifestOrIndex(bytes, undefined);
    if (document.kind !== 'manifest') continue;
    if (!hasAnnotations(document.manifest, parts.images.annotationsOf(image.id))) continue;
    const { layers } = document.manifest;
    const isHere = (blob: Digest, index: number): boolean =>
      parts.content.has(blob) || blob === image.config.rootfs.diff_ids[index];
    if (layers.every((layer, index) => isHere(layer.digest, index)))
      return { bytes, manifest: document.manifest };
  }
  return undefined;
}

function* inMemory(name: string, bytes: Buffer): Generator<Uint8Array> {
  yield header(name, bytes.length);
  yield bytes;
  yield tarPadding(bytes.length);
}

function header(name: string, sizeBytes: number): Buffer {
  return tarHeader({ type: 'file', name, mode: 0o644, sizeBytes });
}

function directory(name: string): Buffer {
  return tarHeader({ type: 'directory', name, mode: 0o755 });
}
