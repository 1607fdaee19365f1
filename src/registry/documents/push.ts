import { DhowError } from '#errors/error.ts';
import { type Digest, digestOf } from '#image/digest.ts';
import { familiarName, type Reference } from '#image/reference.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask } from '#registry/http/ask.ts';
import { withRetries } from '#registry/http/back-off.ts';
import { discardBody } from '#registry/http/body.ts';
import type { Credentials, RegistryLimits } from '#registry/registry.ts';

/** See `RegistryClient.pushManifest`. */
export async function pushManifest(
  { ask, limits }: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  reference: Reference,
  manifest: { bytes: Uint8Array; mediaType: string },
  { credentials, signal }: { credentials?: Credentials | undefined; signal: AbortSignal },
): Promise<Digest> {
  const digest = digestOf(manifest.bytes);
  const { response } = await withRetries(limits, signal, () =>
    ask(endpoint, {
      method: 'PUT',
      path: `${reference.repository}/manifests/${reference.tag ?? digest}`,
      headers: {
        'content-type': manifest.mediaType,
        'content-length': String(manifest.bytes.length),
      },
      body: manifest.bytes,
      access: { actions: 'pull,push' },
      asked: 'upload',
      reference,
      credentials,
      accepted: [201, 202],
      signal,
    }),
  );
  discardBody(response);
  const said = response.headers['docker-content-digest'];
  if (typeof said === 'string' && said.startsWith('sha256:') && said !== digest) {
    throw new DhowError(
      'DataLoss',
      `the registry stored the manifest of ${familiarName(reference)} as ${said}, but ${digest} was sent`,
    );
  }
  return digest;
}
