import type { Descriptor } from '#image/manifest.ts';
import type { Platform } from '#image/platform.ts';
import type { Credentials, FoundRepository } from '#registry/registry.ts';

/** What can be asked of registries without touching the images that are here. */
export interface RegistryService {
  /**
   * Checks credentials. @returns a token to keep instead of the password, where the registry gives one
   * @throws Unauthorized; Unavailable
   */
  login(address: string, credentials: Credentials, signal: AbortSignal): Promise<{ identityToken?: string }>;
  /** @param term may begin with a registry, as references do. @throws InvalidParameter */
  search(
    term: string,
    options: { limit: number; credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<FoundRepository[]>;
  /** What a name stands for in its registry. @throws NotFound; Unauthorized */
  describe(name: string, options: RegistryOptions): Promise<DistributedImage>;
  /** The manifest or index that a name stands for, as the registry has it. @throws NotFound; Unauthorized */
  manifest(name: string, options: RegistryOptions): Promise<RawManifest>;
  /**
   * Pushes an index of images that are in the same registry. Those of other repositories are brought into the index's
   * repository first. @returns the digest of the index. @throws InvalidParameter; NotFound
   */
  pushIndex(name: string, entries: readonly IndexEntry[], options: RegistryOptions): Promise<string>;
}

export interface RegistryOptions {
  credentials?: Credentials | undefined;
  /** Take a certificate that nobody vouches for, and plain HTTP. */
  insecure?: boolean;
  signal: AbortSignal;
}

export interface DistributedImage {
  descriptor: Descriptor;
  /** Those of an index, or the one of an image. */
  platforms: Platform[];
}

export interface RawManifest {
  descriptor: Descriptor;
  bytes: Buffer;
}

export interface IndexEntry {
  /** An image manifest by name; its digest is looked up when it has none. */
  reference: string;
  platform: Platform;
}

export type { FoundRepository };
