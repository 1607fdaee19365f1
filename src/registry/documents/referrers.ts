import type { Digest } from '#image/digest.ts';
import { type Descriptor, parseManifestOrIndex } from '#image/manifest.ts';
import type { Reference } from '#image/reference.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask } from '#registry/http/ask.ts';
import { withRetries } from '#registry/http/back-off.ts';
import { discardBody, readWhole } from '#registry/http/body.ts';
import type { Credentials, RegistryLimits } from '#registry/registry.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const maxListBytes = 4 * 1024 * 1024;

/** See `RegistryClient.referrers`. */
export async function listReferrers(
  { ask, limits }: { ask: Ask; limits: RegistryLimits },
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
    const { response, url } = await withRetries(limits, signal, () =>
      ask(endpoint, {
        path,
        headers: { accept: indexType },
        asked: 'manifest',
        reference,
        credentials,
        accepted: [400, 404, 405],
        signal,
      }),
    );
    if (response.statusCode !== 200) {
      discardBody(response);
      continue;
    }
    const { idleTimeoutMs } = limits;
    const reading = { url, idleTimeoutMs, signal, maxBytes: maxListBytes, what: 'list of referrers' };
    const document = parseManifestOrIndex(await readWhole(response, reading), indexType);
    if (document.kind !== 'index') return [];
    return document.index.manifests.filter(
      (entry) => artifactType === undefined || entry.artifactType === artifactType,
    );
  }
  return [];
}
