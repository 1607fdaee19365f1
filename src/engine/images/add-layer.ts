import { applyChanges } from '#build/changes.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { AddLayerRequest } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageConfig } from '#image/config.ts';
import { type Digest, digestOf } from '#image/digest.ts';
import { canonicalTag, parseReference, withDefaultTag } from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

/** The tar that holds nothing: two zero blocks. Docker counts such a layer as none. */
const emptyTarDigest = digestOf(Buffer.alloc(1024));

/** See `ImageService.addLayer`. */
export async function addLayer(
  parts: ImageParts,
  tar: AsyncIterable<Uint8Array>,
  request: AddLayerRequest,
): Promise<ImageRecord> {
  try {
    return await add(parts, tar, request);
  } finally {
    // An empty layer, or one that came to nothing.
    await parts.collector.collect();
  }
}

async function add(
  parts: ImageParts,
  tar: AsyncIterable<Uint8Array>,
  { base, runConfig, changes, createdBy, author, comment, reference: name, signal }: AddLayerRequest,
): Promise<ImageRecord> {
  const reference = name === undefined ? undefined : withDefaultTag(parseReference(name));
  if (reference?.digest) {
    throw new DhowError('InvalidParameter', 'refusing to create a tag with a digest reference');
  }
  const changed = applyChanges(changes, runConfig);
  using lease = parts.collector.lease();
  lease.hold(base.rootfs.diff_ids);
  const { diffId } = await parts.layers.add(tar, signal);
  // A layer without anything is none; it is collected.
  const isEmpty = diffId === emptyTarDigest;
  if (!isEmpty) lease.hold([diffId]);
  const config = nextConfig(base, isEmpty ? undefined : diffId, {
    created: new Date().toISOString(),
    ...(author === '' ? {} : { author }),
    created_by: createdBy,
    ...(comment === '' ? {} : { comment }),
  });
  config.config = changed;
  const id = await parts.content.put(Buffer.from(JSON.stringify(config)));
  parts.database.transaction(() => {
    parts.images.add({ id, config });
    if (reference) parts.images.setTag(canonicalTag(reference), id);
  });
  await Promise.all([parts.layers.durable(), parts.database.durable()]);
  const record = parts.images.find(id);
  if (!record) throw new DhowError('Internal', `image ${id} vanished when it was made`);
  return record;
}

function nextConfig(
  base: ImageConfig,
  diffId: Digest | undefined,
  entry: { created: string; author?: string; created_by: string; comment?: string },
): ImageConfig {
  const { created, author, comment } = entry;
  return {
    ...base,
    created,
    ...(author === undefined ? {} : { author }),
    ...(comment === undefined ? {} : { comment }),
    rootfs: { type: 'layers', diff_ids: [...base.rootfs.diff_ids, ...(diffId ? [diffId] : [])] },
    history: [...(base.history ?? []), { ...entry, ...(diffId ? {} : { empty_layer: true }) }],
  };
}
