import { type CacheEntry, formatCacheEntries } from '#build/cache/cache-entries.ts';
import type { BuildAnnotation, BuildRequest } from '#build/request.ts';
import type { ImageConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import { formatPlatform, type Platform, platformOfConfig } from '#image/platform.ts';
import { canonicalTag, type Reference, withDefaultTag } from '#image/reference.ts';
import type { ContentStore } from '#store/content.ts';
import type { Database } from '#store/database.ts';
import type { ImageIndexes } from '#store/image-indexes.ts';
import type { ImageStore } from '#store/images.ts';
import type { LayerStore } from '#store/layers.ts';

export interface RecordParts {
  database: Database;
  content: ContentStore;
  layers: LayerStore;
  images: ImageStore;
  indexes: ImageIndexes;
  hostPlatform: Platform;
}

/** An image whose layers are in the store. */
export interface MadeImage {
  config: ImageConfig;
  /** What its configuration carries for `--cache-from`. */
  inlineCache: readonly CacheEntry[];
}

export interface RecordedImage {
  id: Digest;
  platform: Platform;
}

/**
 * Records what a build made, with the tags of the request. Tags of several images stand for all of them, and point at the one for this
 * host, or else the first.
 * @returns the image that the tags point at, and all of them in their order
 */
export async function recordImages(
  parts: RecordParts,
  { tags, annotations, signal }: Pick<BuildRequest, 'tags' | 'annotations' | 'signal'>,
  made: readonly MadeImage[],
): Promise<{ id: Digest; images: RecordedImage[] }> {
  const { database, images, indexes } = parts;
  const recorded: (RecordedImage & { config: ImageConfig })[] = [];
  for (const { config, inlineCache } of made) {
    const cache = inlineCache.length === 0 ? {} : formatCacheEntries(inlineCache);
    const id = await parts.content.put(Buffer.from(JSON.stringify({ ...config, ...cache })));
    recorded.push({ id, platform: platformOfConfig(config), config });
  }
  signal.throwIfAborted();
  const host = formatPlatform(parts.hostPlatform);
  const main = recorded.find(({ platform }) => formatPlatform(platform) === host) ?? recorded[0];
  if (main === undefined) throw new RangeError('a build makes at least one image');
  database.transaction(() => {
    for (const { id, config, platform } of recorded) {
      images.add({ id, config, annotations: annotationsFor(annotations, platform) });
    }
    for (const tag of tags.map(canonicalTagOf)) {
      images.setTag(tag, main.id);
      if (recorded.length === 1) continue;
      indexes.set(tag, { images: recorded.map(({ id }) => id), annotations: ofIndex(annotations) });
    }
  });
  await durable(parts);
  return { id: main.id, images: recorded.map(({ id, platform }) => ({ id, platform })) };
}

/**
 * Records an image that carries what steps made, and is nothing to be run: it names no processor, and its layers belong to different file
 * systems.
 */
export async function recordCacheImage(
  parts: RecordParts,
  tags: readonly Reference[],
  entries: readonly CacheEntry[],
): Promise<Digest> {
  const layers = new Set(entries.flatMap(({ diffId }) => diffId ?? []));
  const config: ImageConfig = {
    ...{ architecture: '', os: parts.hostPlatform.os },
    rootfs: { type: 'layers', diff_ids: [...layers] },
  };
  const id = await parts.content.put(
    Buffer.from(JSON.stringify({ ...config, ...formatCacheEntries(entries) })),
  );
  parts.database.transaction(() => {
    parts.images.add({ id, config });
    for (const tag of tags.map(canonicalTagOf)) parts.images.setTag(tag, id);
  });
  await durable(parts);
  return id;
}

async function durable({ layers, database }: RecordParts): Promise<void> {
  await Promise.all([layers.durable(), database.durable()]);
}

function canonicalTagOf(reference: Reference): string {
  return canonicalTag(withDefaultTag(reference));
}

function annotationsFor(annotations: readonly BuildAnnotation[], platform: Platform): Record<string, string> {
  const own = annotations.filter(
    (one) =>
      one.level === 'manifest' &&
      (one.platform === undefined || formatPlatform(one.platform) === formatPlatform(platform)),
  );
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}

function ofIndex(annotations: readonly BuildAnnotation[]): Record<string, string> {
  const own = annotations.filter(({ level }) => level === 'index');
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}
