import type { ImageParts } from '#engine/images/parts.ts';
import type { ImageHistoryRow } from '#engine/images.ts';
import { familiarName, parseReference } from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

/** Newest first. A layer's size stands at its own step; steps without a layer have none (OCI image-spec config.md, "history"). */
export function imageHistory(parts: Pick<ImageParts, 'layers'>, image: ImageRecord): ImageHistoryRow[] {
  const diffIds = [...image.config.rootfs.diff_ids];
  const entries = image.config.history ?? [];
  // An image without history still has its layers.
  const steps = entries.length > 0 ? entries : diffIds.map(() => ({}));
  const rows = steps.map((entry): ImageHistoryRow => {
    const diffId = 'empty_layer' in entry && entry.empty_layer ? undefined : diffIds.shift();
    return {
      imageId: undefined,
      entry,
      sizeBytes: diffId === undefined ? 0 : parts.layers.sizeOf(diffId),
      tags: [],
    };
  });
  const newest = rows.at(-1);
  if (newest) {
    newest.imageId = image.id;
    newest.tags = image.tags.map((tag) => familiarName(parseReference(tag)));
  }
  return rows.reverse();
}
