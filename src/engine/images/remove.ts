import { chainIds } from '#engine/images/chain-ids.ts';
import { findByReference, findImage, getImage } from '#engine/images/find.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { RemovedImage } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import { formatPlatform, matchesPlatform, type Platform } from '#image/platform.ts';
import {
  canonicalRepoDigest,
  canonicalRepository,
  canonicalTag,
  familiarName,
  parseReference,
  type Reference,
  withDefaultTag,
} from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

/** See `ImageService.remove`. */
export async function removeImage(
  parts: ImageParts,
  name: string,
  options: { force: boolean; platforms?: readonly Platform[] },
): Promise<RemovedImage[]> {
  const image = getImage(parts, name);
  const some = chooseSome(parts, image, name, options.platforms ?? []);
  if (some !== undefined) return (await deleteImages(parts, some)).removed;
  const users = parts.usersOfImage(image.id);
  const running = users.find((user) => user.running);
  const user = running ?? users[0];
  if (isReference(parts, name, image)) {
    const { going, staying } = namesWith(image, parseReference(name));
    if (staying.length === 0 && user && !options.force) {
      throw new DhowError(
        'Conflict',
        `conflict: unable to remove repository reference "${name}" (must force) - container ${user.id.slice(0, 12)} is using its referenced image ${shortId(image)}`,
      );
    }
    // What a running container needs stays even when forced, without a name.
    if (staying.length > 0 || running) {
      const alone = onlyBeside(parts, image, going);
      const untagged = untag(parts, image, going);
      const { removed } = await deleteImages(parts, alone);
      return [...untagged, ...removed];
    }
  } else {
    if (!options.force && isNamedTwice(image)) {
      throw new DhowError(
        'Conflict',
        `conflict: unable to delete ${shortId(image)} (must be forced) - image is referenced in multiple repositories`,
      );
    }
    if (user && (running || !options.force)) {
      throw new DhowError(
        'Conflict',
        `conflict: unable to delete ${shortId(image)} (${running ? 'cannot' : 'must'} be forced) - image is being used by ${running ? 'running' : 'stopped'} container ${user.id.slice(0, 12)}`,
      );
    }
  }
  const { removed } = await deleteImages(parts, [image, ...onlyBeside(parts, image, image.tags)]);
  return removed;
}

/** Those for some platforms out of all that a name stands for; undefined when these are all of them. */
function chooseSome(
  { images, indexes, usersOfImage }: ImageParts,
  image: ImageRecord,
  name: string,
  platforms: readonly Platform[],
): ImageRecord[] | undefined {
  if (platforms.length === 0) return undefined;
  const beside = new Set([image.id, ...image.tags.flatMap((tag) => indexes.find(tag)?.images ?? [])]);
  const all = [...beside].flatMap((id) => images.find(id) ?? []);
  const chosen = platforms.map((platform) => {
    const found = all.find(({ config }) => matchesPlatform(config, platform));
    if (found !== undefined) return found;
    throw new DhowError(
      'NotFound',
      `image with reference ${image.tags[0] ?? image.id} was found but does not provide the specified platform (${formatPlatform(platform)})`,
      { reason: 'image-not-found' },
    );
  });
  if (new Set(chosen).size === all.length) return undefined;
  if (chosen.some(({ id }) => id === image.id)) {
    throw new DhowError(
      'Unsupported',
      `${name} points at the image for ${formatPlatform(image.config)}: it can only be removed with the others`,
    );
  }
  const used = chosen.find(({ id }) => usersOfImage(id).length > 0);
  if (used === undefined) return chosen;
  throw new DhowError('Conflict', `conflict: a container uses the image ${shortId(used)} of ${name}`);
}

/** Images of other platforms that tags of an image stand for as well, and that nothing else keeps. */
function onlyBeside(
  { images, indexes, usersOfImage }: ImageParts,
  image: ImageRecord,
  tags: readonly string[],
): ImageRecord[] {
  const beside = new Set(tags.flatMap((tag) => indexes.find(tag)?.images ?? []));
  beside.delete(image.id);
  return [...beside]
    .flatMap((id) => images.find(id) ?? [])
    .filter(({ id, tags: own, repoDigests }) => {
      const named = own.length > 0 || repoDigests.length > 0;
      return !named && usersOfImage(id).length === 0 && indexes.tagsOf(id).every((tag) => tags.includes(tag));
    });
}

/** Whether the image was found by one of its names, and not by its id or the beginning of it. */
function isReference(parts: ImageParts, name: string, image: ImageRecord): boolean {
  if (!/^(sha256:)?[0-9a-f]{1,64}$/.test(name) || !hexOf(image.id).startsWith(name.replace('sha256:', ''))) {
    return findImage(parts, name) !== undefined;
  }
  // A short hexadecimal word may be both an id prefix and a repository's name; the name wins, as in `findImage`.
  return /^[0-9a-f]{1,63}$/.test(name) && findByReference(parts, parseReference(name))?.id === image.id;
}

/** Which names go when one is taken away: with the last tag of a repository also its digests, which no user gave. */
function namesWith(image: ImageRecord, reference: Reference): { going: string[]; staying: string[] } {
  const { digest } = reference;
  const name = digest ? canonicalRepoDigest(reference, digest) : canonicalTag(withDefaultTag(reference));
  const names = namesOf(image).filter((other) => other !== name);
  const sameRepository = names.filter((other) => repositoryOf(other) === canonicalRepository(reference));
  const goesAlone = digest !== undefined || sameRepository.some((other) => image.tags.includes(other));
  const going = goesAlone ? [name] : [name, ...sameRepository];
  return { going, staying: names.filter((other) => !going.includes(other)) };
}

/** Tags and repository digests, canonical, in the order in which Docker tells them. */
function namesOf(image: ImageRecord): string[] {
  return [...image.tags, ...image.repoDigests].sort();
}

function repositoryOf(name: string): string {
  return canonicalRepository(parseReference(name));
}

function isNamedTwice(image: ImageRecord): boolean {
  return image.tags.length > 1 || new Set(namesOf(image).map(repositoryOf)).size > 1;
}

function untag(parts: ImageParts, image: ImageRecord, names: readonly string[]): RemovedImage[] {
  return names.map((name) => {
    const isTag = parts.images.removeTag(name);
    if (!isTag) parts.images.removeRepoDigest(name);
    parts.events.emit({ type: 'image', action: 'untag', id: image.id, attributes: { name: image.id } });
    return { untagged: familiarName(parseReference(name)) };
  });
}

/** Deletes images with all their names, and the layers that nobody else needs. */
async function deleteImages(
  parts: ImageParts,
  images: readonly ImageRecord[],
): Promise<{ removed: RemovedImage[]; freedBytes: number }> {
  const deleted = images.map((image) => {
    const untagged = untag(parts, image, namesOf(image));
    parts.images.remove(image.id);
    parts.events.emit({ type: 'image', action: 'delete', id: image.id, attributes: { name: image.id } });
    return { image, untagged };
  });
  await parts.database.durable();
  const { removedLayers, freedBytes } = await parts.collector.collect();
  const gone = new Set(removedLayers);
  const removed = deleted.flatMap(({ image, untagged }): RemovedImage[] => [
    ...untagged,
    { deleted: image.id },
    ...takeChainIds(image, gone).map((chainId) => ({ deleted: chainId })),
  ]);
  return { removed, freedBytes };
}

/** Chain ids of those layers of the image that are in `gone`, top-most first; takes them out of it. */
function takeChainIds(image: ImageRecord, gone: Set<Digest>): Digest[] {
  const diffIds = image.config.rootfs.diff_ids;
  return chainIds(diffIds)
    .filter((_chainId, index) => gone.delete(diffIds[index] as Digest))
    .reverse();
}

function shortId(image: ImageRecord): string {
  return hexOf(image.id).slice(0, 12);
}

/** Removes images without a tag (`all`: without a container) that nobody uses. */
export async function pruneImages(
  parts: ImageParts,
  options: { all: boolean; isWanted: (image: ImageRecord) => boolean },
): Promise<{ removed: RemovedImage[]; freedBytes: number }> {
  const unused = parts.images
    .list()
    .filter(
      (image) => options.all || (image.tags.length === 0 && parts.indexes.tagsOf(image.id).length === 0),
    )
    .filter(options.isWanted)
    .filter((image) => parts.usersOfImage(image.id).length === 0);
  return deleteImages(parts, unused);
}
