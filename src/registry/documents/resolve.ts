import { DhowError } from '#errors/error.ts';
import { type Digest, digestOf } from '#image/digest.ts';
import {
  type Descriptor,
  type ImageManifest,
  indexMediaTypes,
  manifestMediaTypes,
  maxManifestBytes,
  parseManifestOrIndex,
  requireContainerImage,
} from '#image/manifest.ts';
import { choosePlatform, formatPlatform, listPlatforms, type Platform } from '#image/platform.ts';
import { familiarName, type Reference, withDefaultTag } from '#image/reference.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask, AskRequest } from '#registry/http/ask.ts';
import { askWhole } from '#registry/http/ask-whole.ts';
import { withRetries } from '#registry/http/back-off.ts';
import type { Credentials, FetchedManifest, RegistryLimits, ResolvedImage } from '#registry/registry.ts';

export interface ResolveOptions {
  platform: Platform;
  credentials?: Credentials | undefined;
  signal: AbortSignal;
}

const accept = [...indexMediaTypes, ...manifestMediaTypes].join(', ');

/** See `RegistryClient.resolve`; at one endpoint. */
export async function resolveAt(
  { ask, limits }: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  reference: Reference,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const named = withDefaultTag(reference);
  const name = familiarName(named);
  const fetch = (wanted: Wanted): Promise<FetchedManifest> =>
    withRetries(endpoint.isMirror ? { ...limits, attempts: 1 } : limits, options.signal, () =>
      fetchDocument({ ask, limits }, endpoint, named, wanted, options),
    );

  const top = await fetch({ tag: named.tag ?? '', digest: named.digest, size: undefined });
  if (top.content.kind === 'manifest') {
    return resolved(top.digest, top, top.content.manifest);
  }
  const child = childFor(top.content.index.manifests, options.platform, name);
  const document = await fetch({ tag: '', digest: child.digest, size: child.size });
  if (document.content.kind === 'index') {
    throw new DhowError(
      'Unsupported',
      `${name} is an index within an index; only images are supported in an index`,
    );
  }
  return { ...resolved(top.digest, document, document.content.manifest), indexBytes: top.bytes };
}

/** See `RegistryClient.fetchManifest`; at one endpoint. */
export function fetchManifestAt(
  { ask, limits }: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  reference: Reference,
  options: Pick<ResolveOptions, 'credentials' | 'signal'>,
): Promise<FetchedManifest> {
  const named = withDefaultTag(reference);
  return withRetries(endpoint.isMirror ? { ...limits, attempts: 1 } : limits, options.signal, () =>
    fetchDocument(
      { ask, limits },
      endpoint,
      named,
      { tag: named.tag ?? '', digest: named.digest, size: undefined },
      options,
    ),
  );
}

interface Wanted {
  tag: string;
  /** Takes the place of the tag. */
  digest: Digest | undefined;
  size: number | undefined;
}

function resolved(
  targetDigest: Digest,
  { digest, bytes }: FetchedManifest,
  manifest: ImageManifest,
): ResolvedImage {
  requireContainerImage(manifest);
  return { targetDigest, manifestDigest: digest, manifestBytes: bytes, manifest };
}

function childFor(manifests: Descriptor[], platform: Platform, name: string): Descriptor {
  const child = choosePlatform(manifests, platform);
  if (child) return child;
  const available = listPlatforms(manifests);
  throw new DhowError(
    'NotFound',
    `no matching manifest for ${formatPlatform(platform)} in the manifest list entries: ${name} is available for ${
      available.length === 0 ? 'no platform' : available.slice(0, 50).join(', ')
    }`,
  );
}

async function fetchDocument(
  parts: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  reference: Reference,
  { tag, digest: wanted, size }: Wanted,
  { credentials, signal }: Pick<ResolveOptions, 'credentials' | 'signal'>,
): Promise<FetchedManifest> {
  const request: AskRequest = {
    ...{ path: `${reference.repository}/manifests/${wanted ?? tag}`, headers: { accept } },
    ...{ asked: 'manifest', reference, credentials, signal },
  };
  const { response, body: bytes } = await askWhole(parts, endpoint, request, {
    maxBytes: maxManifestBytes,
    what: 'manifest',
  });
  const digest = digestOf(bytes);
  const expected = wanted ?? announcedDigest(response.headers['docker-content-digest']);
  if (expected !== undefined && digest !== expected) {
    throw new DhowError(
      'DataLoss',
      `manifest of ${familiarName(reference)} is not what it should be: expected ${expected}, received ${digest}`,
    );
  }
  if (size !== undefined && bytes.length !== size) {
    throw new DhowError('DataLoss', `manifest ${digest} has ${bytes.length} bytes, its index says ${size}`);
  }
  return { bytes, digest, content: parseManifestOrIndex(bytes, response.headers['content-type']) };
}

/** A digest of another algorithm cannot be compared and is passed over; a malformed sha256 differs from any. */
function announcedDigest(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  return text?.startsWith('sha256:') ? text : undefined;
}
