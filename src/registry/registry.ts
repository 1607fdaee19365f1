import type { ImageConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import type { Descriptor, ImageManifest } from '#image/manifest.ts';
import type { Platform } from '#image/platform.ts';
import type { Reference } from '#image/reference.ts';

/** User name and password, or an identity token, for one registry host. */
export type Credentials =
  | { kind: 'password'; username: string; password: string }
  | { kind: 'identity-token'; token: string }
  | { kind: 'registry-token'; token: string };

/** What a reference resolved to for one platform. All digests have been checked against the bytes. */
export interface ResolvedImage {
  /** What the tag points at: the index if there is one, else the manifest. This is the user-visible repo digest. */
  targetDigest: Digest;
  manifestDigest: Digest;
  manifestBytes: Buffer;
  manifest: ImageManifest;
  /** The index's own bytes when the reference named an index. */
  indexBytes?: Buffer;
}

/**
 * Client of the OCI distribution spec. It yields verified manifests and raw blob streams; storing is the caller's.
 *
 * @throws NotFound (reason `image-not-found`) for unknown names; Unauthorized/Forbidden when the registry denies;
 *   Unavailable when it cannot be reached; DataLoss when bytes do not have their digest; InvalidParameter for
 *   malformed or over-sized documents; NotFound naming the available platforms when none fits.
 */
export interface RegistryClient {
  resolve(
    reference: Reference,
    options: { platform: Platform; credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<ResolvedImage>;
  /** The image configuration of a manifest, digest-checked, at most 8 MiB. */
  fetchConfig(
    reference: Reference,
    descriptor: Descriptor,
    options: { credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<{ bytes: Buffer; config: ImageConfig }>;
  /**
   * The bytes of a blob from `offset` on, with retries that continue where the stream broke. When the registry cannot
   * serve ranges and `offset` is not 0, `onRestart` is awaited first and the stream begins at byte 0.
   * The digest is the caller's to check (it may hold the first part already); the size is bounded here.
   */
  fetchBlob(
    reference: Reference,
    descriptor: Descriptor,
    options: {
      offset: number;
      onRestart: () => Promise<void>;
      credentials?: Credentials | undefined;
      signal: AbortSignal;
    },
  ): AsyncIterable<Uint8Array>;
  /** Checks credentials against the registry's /v2/ endpoint. @throws Unauthorized */
  checkCredentials(registryHost: string, credentials: Credentials, signal: AbortSignal): Promise<void>;
}

export interface RegistryOptions {
  /** Hosts (with port) or CIDRs that may be spoken to over plain HTTP or with unverified TLS. Loopback always may. */
  insecureRegistries: string[];
  /** Base URLs tried before Docker Hub, in order. */
  mirrors: string[];
  userAgent: string;
}
