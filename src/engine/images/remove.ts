import { findByReference, findImage, getImage } from '#engine/images/find.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { RemovedImage } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { hexOf } from '#image/digest.ts';
import { canonicalTag, familiarName, parseReference, withDefaultTag } from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

/** See `ImageService.remove`. */
export async function removeImage(
  parts: ImageParts,
  name: string,
  options: { force: boolean; prune: boolean },
): Promise<RemovedImage[]> {
  const image = getImage(parts, name);
  const removed: RemovedImage[] = [];
  if (namedByReference(parts, name, image) && image.tags.length + image.repoDigests.length > 0) {
    untag(parts, image, name, removed);
    const rest = parts.images.find(image.id);
    // Digests of a repository whose last tag has gone are no names that a user gave: they go with it.
    if (rest && rest.tags.length > 0) {
      await parts.database.durable();
      return removed;
    }
    if (rest) refuseUsed(parts, rest, name, { force: options.force, untagging: true });
  } else {
    if (image.tags.length > 1 && !options.force) {
      throw new DhowError(
        'Conflict',
        `conflict: unable to delete ${shortId(image)} (must be forced) - image is referenced in multiple repositories`,
      );
    }
    refuseUsed(parts, image, name, { force: options.force, untagging: false });
  }
  deleteImage(parts, image, removed);
  await parts.database.durable();
  if (options.prune) await parts.collector.collect();
  return removed;
}

function namedByReference(parts: ImageParts, name: string, image: ImageRecord): boolean {
  if (/^(sha256:)?[0-9a-f]{1,64}$/.test(name) && hexOf(image.id).startsWith(name.replace('sha256:', ''))) {
    // A short hexadecimal word may be both an id prefix and a repository's name; the name wins, as in `findImage`.
    return /^[0-9a-f]{1,63}$/.test(name) && findByReference(parts, parseReference(name))?.id === image.id;
  }
  return findImage(parts, name) !== undefined;
}

function untag(parts: ImageParts, image: ImageRecord, name: string, removed: RemovedImage[]): void {
  const reference = parseReference(name);
  if (reference.digest) {
    const repoDigest = image.repoDigests.find((known) => known.endsWith(`@${reference.digest}`));
    if (repoDigest) {
      parts.images.removeRepoDigest(repoDigest);
      removed.push({ untagged: familiarName(parseReference(repoDigest)) });
    }
  } else {
    const tagged = withDefaultTag(reference);
    parts.images.removeTag(canonicalTag(tagged));
    removed.push({ untagged: familiarName(tagged) });
  }
  parts.events.emit({ type: 'image', action: 'untag', id: image.id, attributes: { name: image.id } });
}

/** @throws Conflict in Docker's words when a container needs the image */
function refuseUsed(
  parts: ImageParts,
  image: ImageRecord,
  name: string,
  options: { force: boolean; untagging: boolean },
): void {
  const users = parts.usersOfImage(image.id);
  const running = users.find((user) => user.running);
  if (running && !options.untagging) {
    throw new DhowError(
      'Conflict',
      `conflict: unable to delete ${shortId(image)} (cannot be forced) - image is being used by running container ${running.id.slice(0, 12)}`,
    );
  }
  const user = running ?? users[0];
  if (!user || options.force) return;
  // The tag was taken off before we knew: put it back, the request is refused as a whole.
  if (options.untagging) parts.images.setTag(canonicalTag(withDefaultTag(parseReference(name))), image.id);
  const what = options.untagging ? `remove repository reference "${name}"` : `delete ${shortId(image)}`;
  const state = running ? 'running' : 'stopped';
  throw new DhowError(
    'Conflict',
    options.untagging
      ? `conflict: unable to ${what} (must force) - container ${user.id.slice(0, 12)} is using its referenced image ${shortId(image)}`
      : `conflict: unable to ${what} (must be forced) - image is being used by ${state} container ${user.id.slice(0, 12)}`,
  );
}

function deleteImage(parts: ImageParts, image: ImageRecord, removed: RemovedImage[]): void {
  const current = parts.images.find(image.id);
  if (!current) return;
  for (const tag of current.tags) removed.push({ untagged: familiarName(parseReference(tag)) });
  for (const repoDigest of current.repoDigests)
    removed.push({ untagged: familiarName(parseReference(repoDigest)) });
  parts.images.remove(image.id);
  removed.push({ deleted: image.id });
  parts.events.emit({ type: 'image', action: 'delete', id: image.id, attributes: { name: image.id } });
}

function shortId(image: ImageRecord): string {
  return hexOf(image.id).slice(0, 12);
}

/** Removes images without a tag (`all`: without a container) that nobody uses. */
export async function pruneImages(
  parts: ImageParts,
  options: { all: boolean },
): Promise<{ removed: RemovedImage[]; freedBytes: number }> {
  const removed: RemovedImage[] = [];
  for (const image of parts.images.list()) {
    if (!options.all && image.tags.length > 0) continue;
    if (parts.usersOfImage(image.id).length > 0) continue;
    deleteImage(parts, image, removed);
  }
  await parts.database.durable();
  const { freedBytes } = await parts.collector.collect();
  return { removed, freedBytes };
}
