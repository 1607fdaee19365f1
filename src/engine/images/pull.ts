import { createLayerFetcher, type LayerFetcher } from '#engine/images/fetch-layer.ts';
import { findByReference } from '#engine/images/find.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { PullProgress } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { digestOf, hexOf } from '#image/digest.ts';
import { formatPlatform, matchesPlatform, type Platform } from '#image/platform.ts';
import {
  canonicalRepoDigest,
  canonicalTag,
  familiarName,
  familiarRepository,
  parseReference,
  withDefaultTag,
} from '#image/reference.ts';
import type { Credentials } from '#registry/registry.ts';
import type { ImageRecord } from '#store/images.ts';

export interface PullOptions {
  platform?: Platform;
  credentials?: Credentials | undefined;
  onProgress: (progress: PullProgress) => void;
  signal: AbortSignal;
}

/** See `ImageService.pull`. */
export function createPull(parts: ImageParts): (name: string, options: PullOptions) => Promise<ImageRecord> {
  const fetcher = createLayerFetcher(parts);
  return async (name, options) => {
    const image = await pull(parts, fetcher, name, options);
    // Layers live on unpacked: their compressed form was kept for a resume only.
    await parts.collector.collect();
    return image;
  };
}

async function pull(
  parts: ImageParts,
  fetcher: LayerFetcher,
  name: string,
  options: PullOptions,
): Promise<ImageRecord> {
  const { credentials, onProgress, signal } = options;
  const reference = withDefaultTag(parseReference(name));
  const platform = options.platform ?? parts.hostPlatform;
  const before = findByReference(parts, reference);
  onProgress({
    phase: 'resolving',
    repository: familiarRepository(reference),
    tag: reference.tag ?? reference.digest ?? '',
  });
  // Nothing that is fetched from here on can be collected before the image row refers to it.
  using lease = parts.collector.lease();

  const resolved = await parts.registry.resolve(reference, { platform, credentials, signal });
  const { manifest } = resolved;
  const fetched = await parts.registry.fetchConfig(reference, manifest.config, { credentials, signal });
  const { config } = fetched;
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
  lease.hold([
    ...config.rootfs.diff_ids,
    ...manifest.layers.map((layer) => layer.digest),
    manifest.config.digest,
  ]);
  await fetcher.fetchAll(reference, manifest.layers, config.rootfs.diff_ids, {
    credentials,
    onProgress,
    signal,
  });

  const manifestDigest = await parts.content.put(resolved.manifestBytes);
  const index = resolved.indexBytes ? [await parts.content.put(resolved.indexBytes)] : [];
  const id = await parts.content.put(fetched.bytes);
  const repoDigest = canonicalRepoDigest(reference, resolved.targetDigest);
  parts.database.transaction(() => {
    parts.images.add({ id, config, manifestDigest, content: index });
    if (reference.tag && !reference.digest) parts.images.setTag(canonicalTag(reference), id);
    parts.images.addRepoDigest(repoDigest, id);
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
  const record = parts.images.find(id);
  if (!record)
    throw new DhowError('Internal', `image ${hexOf(digestOf(fetched.bytes))} vanished after its pull`);
  return record;
}
