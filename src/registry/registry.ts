import type { ImageConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import type { Descriptor, ImageManifest, ManifestOrIndex } from '#image/manifest.ts';
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
 * One client serves all registries: it keeps connections, tokens, and what it learned about each host.
 *
 *   resolve(reference)      → the manifest of one platform; its digest is checked, its layers are known to be layers
 *   fetchConfig(descriptor) → the configuration; the caller compares its platform (a lone manifest does not say it)
 *   fetchBlob(descriptor)   → a layer's bytes; the caller checks the digest
 *
 * Mirrors of a registry are asked first and get no credentials; whatever goes wrong there, the next one is asked, and
 * the registry itself at last.
 *
 * @throws NotFound (reason `image-not-found`) for unknown names, and in Docker's words `pull access denied` where a
 *   registry does not tell whether a name is unknown or merely not for us; Unauthorized/Forbidden when it denies
 *   for another reason; Unavailable when it cannot be reached; ResourceExhausted when it asks to come back later than
 *   we wait; DataLoss when bytes do not have their digest or size; InvalidParameter for malformed or over-sized
 *   documents; Unsupported for artifacts that are no images; NotFound naming the available platforms when none fits.
 *   An abort throws the signal's reason.
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
   * continue where we are, `onRestart` is awaited and the stream begins anew at byte 0; this can happen at the start (when
   * `offset` is not 0) and in the middle.
   * The digest is the caller's to check (it may hold the first part already); the size is bounded here: the stream ends
   * after exactly `descriptor.size` bytes or throws.
   */
  fetchBlob(reference: Reference, descriptor: Descriptor, options: BlobOptions): AsyncIterable<Uint8Array>;
  /** Whether others are asked before the registry itself. */
  isMirrored(reference: Reference): boolean;
  /** Whether the registry itself (no mirror) has a blob. */
  hasBlob(
    reference: Reference,
    digest: Digest,
    options: { credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<boolean>;
  /**
   * Brings a blob to the registry: mounted from another repository of it where that works, else uploaded; a broken upload
   * goes on where it broke. The registry checks the digest.
   */
  pushBlob(reference: Reference, blob: UploadBlob, options: PushBlobOptions): Promise<PushedBlob>;
  /** Puts a manifest or index under the reference's tag, or under its digest. What it names must be there. */
  pushManifest(
    reference: Reference,
    manifest: { bytes: Uint8Array; mediaType: string },
    options: { credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<Digest>;
  /** The tags of a repository, as the registry orders them. */
  listTags(
    reference: Reference,
    options: { credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<string[]>;
  /**
   * Checks credentials against the registry's /v2/ endpoint. `registryHost` may also be one of the addresses that
   * Docker's clients send, such as `https://index.docker.io/v1/`.
   * @returns a token to keep instead of the password, where the registry gives one. @throws Unauthorized
   */
  checkCredentials(
    registryHost: string,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<{ identityToken?: string }>;
  /** A manifest or index as the registry has it. @throws as `resolve` */
  fetchManifest(
    reference: Reference,
    options: { credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<FetchedManifest>;
  /**
   * What refers to a manifest: signatures, SBOMs (OCI distribution-spec, "Listing Referrers"). A registry from before that is
   * asked for the tag that stands in for the list.
   */
  referrers(
    reference: Reference & { digest: Digest },
    options: { artifactType?: string; credentials?: Credentials | undefined; signal: AbortSignal },
  ): Promise<Descriptor[]>;
  /** Any file by HTTP, with the client's proxies and authorities; a cut connection is an error. @throws NotFound; Unavailable */
  download(url: URL, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Repositories whose name or description has the term, the best first. `registry` as in references. */
  search(registry: string, term: string, options: SearchOptions): Promise<FoundRepository[]>;
}

export interface BlobOptions {
  offset: number;
  onRestart: () => Promise<void>;
  /** No mirror is asked, as when what came from one turned out to be wrong. */
  fromRegistry?: boolean;
  credentials?: Credentials | undefined;
  signal: AbortSignal;
}

/** The digest has been checked against the bytes. */
export interface FetchedManifest {
  digest: Digest;
  bytes: Buffer;
  content: ManifestOrIndex;
}

export interface SearchOptions {
  limit: number;
  credentials?: Credentials | undefined;
  signal: AbortSignal;
}

export interface FoundRepository {
  name: string;
  description: string;
  stars: number;
  isOfficial: boolean;
}

export interface UploadBlob {
  digest: Digest;
  sizeBytes: number;
  /** The bytes from `offset` on; may be called again when an upload has to go on. */
  open(offset: number): AsyncIterable<Uint8Array>;
}

export interface PushBlobOptions {
  /** Repositories of the same registry that may have the blob, such as `library/debian`. */
  mountFrom?: readonly string[];
  /** How many bytes were sent so far; falls back when a part must be sent again. */
  onProgress?: (sentBytes: number) => void;
  credentials?: Credentials | undefined;
  signal: AbortSignal;
}

export type PushedBlob = { kind: 'uploaded' } | { kind: 'mounted'; from: string };

export interface RegistryOptions {
  /**
   * Hosts (with port) or CIDRs that may be spoken to over plain HTTP or with unverified TLS. Loopback always may. A host
   * name is looked up only when there is a CIDR to compare it with.
   */
  insecureRegistries: string[];
  /** Base URLs tried before Docker Hub, in order. */
  mirrors: string[];
  /** Base URLs tried before other registries, by the registry's name in references. */
  registryMirrors?: Readonly<Record<string, readonly string[]>>;
  userAgent: string;
  /**
   * One folder per registry host with `*.crt` (authorities), `*.cert` and `*.key` (client certificates): Docker's
   * `/etc/docker/certs.d`. It need not exist.
   */
  certificatesDirectory?: string;
  proxy?: ProxyOptions;
  limits?: Partial<RegistryLimits>;
}

/** The usual environment variables; loopback is never sent through a proxy. */
export interface ProxyOptions {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
}

export interface RegistryLimits {
  /** Until a connection stands, TLS included. */
  connectTimeoutMs: number;
  /** From the request to the response's header; a pull-through cache may first have to fetch. */
  responseTimeoutMs: number;
  /** Without a byte while we are ready to take one. */
  idleTimeoutMs: number;
  /** Attempts without progress before an operation gives up. */
  attempts: number;
  /** The first pause between attempts; it doubles up to `backOffCapMs`, and up to half of it is left out by chance. */
  backOffMs: number;
  backOffCapMs: number;
  /** The longest `Retry-After` that is waited for. */
  retryAfterCapMs: number;
  connectionsPerHost: number;
  /** A blob of which at least so much is missing is fetched in parts on several connections, when one is slow. */
  splitFromBytes: number;
  splitPartBytes: number;
  splitConnections: number;
  /** Slower than this is slow. */
  splitBelowBytesPerMs: number;
}

export const defaultLimits: RegistryLimits = {
  connectTimeoutMs: 15_000,
  responseTimeoutMs: 60_000,
  idleTimeoutMs: 30_000,
  attempts: 5,
  backOffMs: 500,
  backOffCapMs: 15_000,
  retryAfterCapMs: 30_000,
  connectionsPerHost: 16,
  splitFromBytes: 32 * 1024 * 1024,
  splitPartBytes: 4 * 1024 * 1024,
  splitConnections: 4,
  splitBelowBytesPerMs: 30_000,
};
