import { createLayerFetcher, type LayerFetcher } from '#engine/images/fetch-layer.ts';
import { findByReference, getImage } from '#engine/images/find.ts';
import { mayBeResumed } from '#engine/images/may-be-resumed.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { requireUsableSystem } from '#engine/images/require-usable-system.ts';
import type { PullProgress } from '#engine/images.ts';
import { DhowError, kindOf } from '#errors/error.ts';
import type { ImageConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import { formatPlatform, matchesPlatform, type Platform } from '#image/platform.ts';
import {
  candidateReferences,
  canonicalRepoDigest,
  canonicalRepository,
  canonicalTag,
  familiarName,
  familiarRepository,
  formatReference,
  parseReference,
  type Reference,
  withDefaultTag,
} from '#image/reference.ts';
import type { Credentials, ResolvedImage } from '#registry/registry.ts';
import type { ImageRecord } from '#store/images.ts';

export interface PullOptions {
  platform?: Platform;
  credentials?: Credentials | undefined;
  /** An image of another platform that has the name keeps it, and this one joins it. */
  beside?: boolean;
  onProgress: (progress: PullProgress) => void;
  signal: AbortSignal;
}

/** See `ImageService.pull`. */
export function createPull(parts: ImageParts): (name: string, options: PullOptions) => Promise<ImageRecord> {
  const fetcher = createLayerFetcher(parts);
  return async (name, options) => {
    const wanted = await resolve(parts, name, options);
    let keepsParts = false;
    try {
      return await fetchImage(parts, fetcher, wanted, options);
    } catch (error) {
      keepsParts = mayBeResumed(error);
      throw error;
    } finally {
      // Layers live on unpacked: their compressed form was kept for a resume only.
      if (!keepsParts) await parts.collector.collect();
    }
  };
}

function isForSame({ images }: ImageParts, id: Digest, config: ImageConfig): boolean {
  const image = images.find(id);
  return image !== undefined && formatPlatform(image.config) === formatPlatform(config);
}

/** What a name stands for in its registry. */
interface WantedImage {
  reference: Reference;
  resolved: ResolvedImage;
  config: ImageConfig;
  configBytes: Buffer;
}

/** A registry that has not got the name makes way for the next; any other failure does not, lest another's image slip in. */
async function resolveFirst(
  parts: ImageParts,
  name: string,
  { platform = parts.hostPlatform, credentials, signal }: PullOptions,
): Promise<Pick<WantedImage, 'reference' | 'resolved'>> {
  const named = withDefaultTag(parseReference(name));
  const candidates = candidateReferences(named, parts.searchRegistries);
  for (const [index, reference] of candidates.entries()) {
    try {
      const resolved = await parts.registry.resolve(reference, { platform, credentials, signal });
      return { reference, resolved };
    } catch (error) {
      if (index === candidates.length - 1 || kindOf(error) !== 'NotFound') throw error;
    }
  }
  throw new DhowError('Internal', 'no registry to pull from');
}

async function resolve(parts: ImageParts, name: string, options: PullOptions): Promise<WantedImage> {
  const { credentials, onProgress, signal } = options;
  const { reference, resolved } = await resolveFirst(parts, name, options);
  onProgress({
    phase: 'resolving',
    repository: familiarRepository(reference),
    tag: reference.digest ? formatReference(reference) : (reference.tag ?? ''),
  });
  const { manifest } = resolved;
  const fetched = await parts.registry.fetchConfig(reference, manifest.config, { credentials, signal });
  const { config } = fetched;
  requireUsableSystem(config);
  if (manifest.layers.length !== config.rootfs.diff_ids.length) {
    throw new DhowError(
      'InvalidParameter',
      `image ${name} is malformed: its manifest has ${manifest.layers.length} layers, its configuration ${config.rootfs.diff_ids.length}`,
    );
  }
  if (options.platform && !matchesPlatform(config, options.platform)) {
    throw new DhowError(
      'NotFound',
      `image ${name} was found, but its platform (${formatPlatform(config)}) does not match the specified platform (${formatPlatform(options.platform)})`,
      { reason: 'image-not-found' },
    );
  }
  return { reference, resolved, config, configBytes: fetched.bytes };
}

async function fetchImage(
  parts: ImageParts,
  fetcher: LayerFetcher,
  { reference, resolved, config, configBytes }: WantedImage,
  options: PullOptions,
): Promise<ImageRecord> {
  const { onProgress } = options;
  const { manifest } = resolved;
  const id = manifest.config.digest;
  // Nothing that is fetched from here on can be collected before the image row refers to it.
  using lease = parts.collector.lease();
  lease.hold([...config.rootfs.diff_ids, ...manifest.layers.map((layer) => layer.digest), id]);
  const before = findByReference(parts, reference);
  // An image that is here has its layers: nothing is said of them then, as Docker does.
  if (!parts.images.find(id)) {
    await fetcher.fetchAll(reference, manifest.layers, config.rootfs.diff_ids, options);
  }

  const manifestDigest = await parts.content.put(resolved.manifestBytes);
  const index = resolved.indexBytes ? [await parts.content.put(resolved.indexBytes)] : [];
  await parts.content.put(configBytes);
  const repoDigest = canonicalRepoDigest(reference, resolved.targetDigest);
  const record = parts.database.transaction(() => {
    parts.images.add({ id, config, manifestDigest, content: index });
    const tag = reference.tag && !reference.digest ? canonicalTag(reference) : undefined;
    if (!options.beside || !before || before.id === id) {
      if (tag !== undefined) parts.images.setTag(tag, id);
      parts.images.addRepoDigest(repoDigest, id);
    } else if (tag !== undefined) parts.indexes.add(tag, id, (other) => isForSame(parts, other, config));
    for (const [index, { digest, mediaType, size: sizeBytes }] of manifest.layers.entries()) {
      const diffId = config.rootfs.diff_ids[index] as Digest;
      parts.layerBlobs.remember({ digest, diffId, mediaType, sizeBytes }, canonicalRepository(reference));
    }
    return getImage(parts, id);
  });
  await Promise.all([parts.layers.durable(), parts.database.durable()]);
  onProgress({ phase: 'digest', digest: resolved.targetDigest });
  onProgress({ phase: 'done', reference: familiarName(reference), upToDate: before?.id === id });
  parts.events.emit({
    type: 'image',
    action: 'pull',
    id: familiarName(reference),
    attributes: { ...config.config?.Labels, name: familiarRepository(reference) },
  });
  return record;
}
