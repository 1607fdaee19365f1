import type { Readable } from 'node:stream';
import { applyChanges } from '#build/changes.ts';
import { getImage } from '#engine/images/find.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { requireUsableSystem } from '#engine/images/require-usable-system.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageConfig } from '#image/config.ts';
import type { Platform } from '#image/platform.ts';
import { canonicalTag, familiarName, parseReference, withDefaultTag } from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

export interface ImportOptions {
  reference?: string;
  message: string;
  changes: string[];
  platform?: Platform;
  signal: AbortSignal;
}

/** See `ImageService.import`. */
export async function importImage(
  parts: ImageParts,
  source: Readable | URL,
  options: ImportOptions,
): Promise<ImageRecord> {
  try {
    const tar = source instanceof URL ? parts.registry.download(source, options.signal) : source;
    return await importLayer(parts, tar, {
      ...options,
      message: options.message || `Imported from ${source instanceof URL ? source : '-'}`,
    });
  } finally {
    // A layer that came to nothing.
    await parts.collector.collect();
  }
}

async function importLayer(
  parts: ImageParts,
  tar: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImageRecord> {
  const reference = options.reference ? withDefaultTag(parseReference(options.reference)) : undefined;
  if (reference?.digest) {
    throw new DhowError('InvalidParameter', 'cannot import digest reference: give a repository and a tag');
  }
  const platform = options.platform ?? parts.hostPlatform;
  requireUsableSystem(platform);
  const runConfig = applyChanges(options.changes);
  using lease = parts.collector.lease();
  const { diffId } = await parts.layers.add(tar, options.signal);
  lease.hold([diffId]);
  const { os, architecture, variant } = platform;
  const created = new Date().toISOString();
  const comment = options.message;
  const config: ImageConfig = {
    created,
    comment,
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: runConfig,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, comment }],
  };
  const id = await parts.content.put(Buffer.from(JSON.stringify(config)));
  const record = parts.database.transaction(() => {
    parts.images.add({ id, config });
    if (reference) parts.images.setTag(canonicalTag(reference), id);
    return getImage(parts, id);
  });
  await Promise.all([parts.layers.durable(), parts.database.durable()]);
  const name = reference ? familiarName(reference) : id;
  parts.events.emit({ type: 'image', action: 'import', id, attributes: { name } });
  return record;
}
