import type { Digest } from '#image/digest.ts';
import { type Descriptor, parseManifestOrIndex } from '#image/manifest.ts';
import type { Reference } from '#image/reference.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask, AskRequest } from '#registry/http/ask.ts';
import { askWhole } from '#registry/http/ask-whole.ts';
import { withRetries } from '#registry/http/back-off.ts';
import type { Credentials, RegistryLimits } from '#registry/registry.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const maxListBytes = 4 * 1024 * 1024;

/** See `RegistryClient.referrers`. */
export async function listReferrers(
  parts: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  reference: Reference & { digest: Digest },
  options: { artifactType?: string; credentials?: Credentials | undefined; signal: AbortSignal },
): Promise<Descriptor[]> {
  const { repository, digest } = reference;
  const { artifactType, credentials, signal } = options;
  const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType })}`;
  // A registry from before the list keeps it under a tag that is made from the digest.
  for (const path of [
    `${repository}/referrers/${digest}${query}`,
    `${repository}/manifests/${digest.replace(':', '-')}`,
  ]) {
    const request: AskRequest = {
      ...{ path, headers: { accept: indexType }, asked: 'manifest', reference, credentials, signal },
      accepted: [400, 404, 405],
    };
    const { response, body } = await withRetries(parts.limits, signal, () =>
      askWhole(parts, endpoint, request, { maxBytes: maxListBytes, what: 'list of referrers' }),
    );
    if (response.statusCode !== 200) continue;
    const document = parseManifestOrIndex(body, indexType);
    if (document.kind !== 'index') return [];
    return document.index.manifests.filter(
      (entry) => artifactType === undefined || entry.artifactType === artifactType,
    );
  }
  return [];
}
