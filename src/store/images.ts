import type { ImageConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';

/** An image whose config and layers are all in the store. */
export interface ImageRecord {
  /** Digest of the config blob. */
  id: Digest;
  config: ImageConfig;
  /** Canonical references with a tag that point here, such as `docker.io/library/busybox:latest`. */
  tags: string[];
  /** `repository@digest` pairs under which the image was pulled or pushed, canonical form. */
  repoDigests: string[];
  /** Sum of the unpacked layers, in bytes. */
  sizeBytes: number;
  /** When this store received it. */
  addedAt: Date;
}

/**
 * The image table: which images are whole, and under which names. Everything here is synchronous SQL; a name is the
 * canonical text of a tagged reference (see `image/reference.ts`).
 */
export interface ImageStore {
  /** Records an image whose config blob and layers are in their stores; keeps an existing record. */
  add(image: { id: Digest; config: ImageConfig; manifestDigest?: Digest }): void;
  find(id: Digest): ImageRecord | undefined;
  findByTag(canonicalTag: string): ImageRecord | undefined;
  /** `repository@digest`, canonical. */
  findByRepoDigest(repoDigest: string): ImageRecord | undefined;
  /** All images whose id begins with these hexadecimal digits. */
  findByIdPrefix(hexPrefix: string): ImageRecord[];
  list(): ImageRecord[];
  /** Points the tag at the image, moving it from another one. @returns the image that had it before, if another */
  setTag(canonicalTag: string, id: Digest): Digest | undefined;
  /** @returns whether it existed */
  removeTag(canonicalTag: string): boolean;
  addRepoDigest(repoDigest: string, id: Digest): void;
  removeRepoDigest(repoDigest: string): boolean;
  /** Removes the record with its tags and repo digests; content and layers are the collector's work. */
  remove(id: Digest): void;
}

/**
 * Removes blobs and layers that no image needs any more and no pull under way holds (see leases.ts).
 * @returns unpacked and compressed bytes freed
 */
export interface Collector {
  collect(): Promise<{ removedLayers: Digest[]; freedBytes: number }>;
  /** While the lease is held nothing that was added since is collected. */
  lease(): Disposable;
}
