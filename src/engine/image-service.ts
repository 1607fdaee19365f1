import { addLayer } from '#engine/images/add-layer.ts';
import { findImage, getImage } from '#engine/images/find.ts';
import { imageHistory } from '#engine/images/history.ts';
import { importImage } from '#engine/images/import.ts';
import { loadImages } from '#engine/images/load.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { createPull } from '#engine/images/pull.ts';
import { pullAllTags } from '#engine/images/pull-all.ts';
import { pushImages } from '#engine/images/push.ts';
import { pruneImages, removeImage } from '#engine/images/remove.ts';
import { saveImages } from '#engine/images/save.ts';
import { tagImage } from '#engine/images/tag.ts';
import { variantsOf } from '#engine/images/variants.ts';
import type { ImageService } from '#engine/images.ts';
import { createImageIndexes } from '#store/image-indexes.ts';
import type { ImageRecord } from '#store/images.ts';

export type ImageServiceParts = Omit<ImageParts, 'indexes'>;

export function createImageService(given: ImageServiceParts): ImageService {
  const parts: ImageParts = { ...given, indexes: createImageIndexes(given.database) };
  const pull = createPull(parts);
  return {
    get: (name, platform) => getImage(parts, name, platform),
    find: (name, platform) => findImage(parts, name, platform),
    list({ beside } = { beside: true }) {
      const isNamed = ({ id, tags }: ImageRecord): boolean =>
        tags.length > 0 || parts.indexes.tagsOf(id).length === 0;
      return beside ? parts.images.list() : parts.images.list().filter(isNamed);
    },
    variantsOf: (image) => variantsOf(parts, image),
    usersOf: (image) => parts.usersOfImage(image.id).map((user) => user.id),
    history: (name, platform) => imageHistory(parts, getImage(parts, name, platform)),
    tag: (source, target) => tagImage(parts, source, target),
    remove: (name, options) => removeImage(parts, name, options),
    prune: (options) => pruneImages(parts, options),
    pull,
    pullAll: (repository, options) => pullAllTags(parts, pull, repository, options),
    push: (name, options) => pushImages(parts, name, options),
    load: (tar, options) => loadImages(parts, tar, options),
    save: (names, options) => saveImages(parts, names, options),
    addLayer: (tar, request) => addLayer(parts, tar, request),
    import: (tar, options) => importImage(parts, tar, options),
  };
}
