import { DhowError } from '#errors/error.ts';
import { maxConfigBytes, parseImageConfig } from '#image/config.ts';
import { digestOf } from '#image/digest.ts';
import type { Descriptor } from '#image/manifest.ts';
import { familiarName, type Reference } from '#image/reference.ts';
import { createAuthorizer } from '#registry/auth/authorizer.ts';
import { fetchBlob } from '#registry/blobs/fetch.ts';
import { hasBlob, pushBlob } from '#registry/blobs/push.ts';
import { listPages } from '#registry/documents/list.ts';
import { pushManifest } from '#registry/documents/push.ts';
import { listReferrers } from '#registry/documents/referrers.ts';
import { fetchManifestAt, resolveAt } from '#registry/documents/resolve.ts';
import { download } from '#registry/download.ts';
import { addressedEndpoint, createEndpoints, registryEndpoint } from '#registry/hosts/endpoints.ts';
import { createRoute } from '#registry/hosts/route.ts';
import { createTrust } from '#registry/hosts/trust.ts';
import { createAsk } from '#registry/http/ask.ts';
import { withRetries } from '#registry/http/back-off.ts';
import { discardBody } from '#registry/http/body.ts';
import { createTransport } from '#registry/http/transport.ts';
import {
  type BlobOptions,
  defaultLimits,
  type RegistryClient,
  type RegistryOptions,
} from '#registry/registry.ts';
import { searchRegistry } from '#registry/search.ts';

/**
 * A client on Node's own HTTP. Disposing it closes its connections; requests under way then fail.
 *
 * @throws InvalidParameter for malformed insecure registries or mirrors
 */
export function createRegistryClient(options: RegistryOptions): RegistryClient & Disposable {
  const limits = { ...defaultLimits, ...options.limits };
  const { insecureRegistries, certificatesDirectory, userAgent, proxy } = options;
  const trust = createTrust({ insecureRegistries, certificatesDirectory });
  const transport = createTransport({ userAgent, proxy, limits, trust });
  const authorizer = createAuthorizer({ transport, trust, limits });
  const ask = createAsk({ transport, trust, authorizer, limits });
  const endpointsOf = createEndpoints(options);
  const route = createRoute();

  const client: RegistryClient = {
    resolve: (reference, resolveOptions) =>
      route.firstOf(endpointsOf(reference), resolveOptions.signal, (endpoint) =>
        resolveAt({ ask, limits }, endpoint, reference, resolveOptions),
      ),

    async fetchConfig(reference, descriptor, options) {
      const name = familiarName(reference);
      if (descriptor.size > maxConfigBytes) {
        throw new DhowError(
          'InvalidParameter',
          `image configuration of ${name} is too large: ${descriptor.size} bytes, the limit is ${maxConfigBytes}`,
        );
      }
      let bytes = await readBlob(client, reference, descriptor, options);
      if (digestOf(bytes) !== descriptor.digest && client.isMirrored(reference)) {
        bytes = await readBlob(client, reference, descriptor, { ...options, fromRegistry: true });
      }
      const digest = digestOf(bytes);
      if (digest !== descriptor.digest) {
        throw new DhowError(
          'DataLoss',
          `image configuration of ${name} is not what it should be: expected ${descriptor.digest}, received ${digest}`,
        );
      }
      return { bytes, config: parseImageConfig(bytes) };
    },

    fetchBlob(reference, descriptor, blobOptions) {
      const endpoints = blobOptions.fromRegistry
        ? [registryEndpoint(reference.registry)]
        : endpointsOf(reference);
      return fetchBlob({ ask, limits, route }, endpoints, reference, descriptor, blobOptions);
    },

    isMirrored: (reference) => endpointsOf(reference).length > 1,

    hasBlob: (reference, digest, blobOptions) =>
      hasBlob({ ask, limits }, registryEndpoint(reference.registry), reference, digest, blobOptions),

    pushBlob: (reference, blob, pushOptions) =>
      pushBlob({ ask, limits }, registryEndpoint(reference.registry), reference, blob, pushOptions),

    pushManifest: (reference, manifest, pushOptions) =>
      pushManifest({ ask, limits }, registryEndpoint(reference.registry), reference, manifest, pushOptions),

    listTags: (reference, listOptions) =>
      listPages(
        { ask, limits },
        registryEndpoint(reference.registry),
        { path: `${reference.repository}/tags/list`, asked: 'manifest', reference, maxEntries: maxTags },
        listOptions,
        readTags,
      ),

    async checkCredentials(registryHost, credentials, signal) {
      const endpoint = addressedEndpoint(registryHost);
      const { response, url } = await withRetries(limits, signal, () =>
        ask(endpoint, { path: '', asked: 'registry', credentials, signal }),
      );
      discardBody(response);
      const identityToken = await authorizer.identityToken(url.origin, credentials, signal);
      return identityToken === undefined ? {} : { identityToken };
    },

    fetchManifest: (reference, fetchOptions) =>
      route.firstOf(endpointsOf(reference), fetchOptions.signal, (endpoint) =>
        fetchManifestAt({ ask, limits }, endpoint, reference, fetchOptions),
      ),

    referrers: (reference, referrerOptions) =>
      listReferrers({ ask, limits }, registryEndpoint(reference.registry), reference, referrerOptions),

    download: (url, signal) => download({ transport, trust, limits }, url, signal),

    search: (registry, term, searchOptions) => searchRegistry({ ask, limits }, registry, term, searchOptions),
  };
  return { ...client, [Symbol.dispose]: () => transport[Symbol.dispose]() };
}

/** A small blob whole. Its digest is not checked. */
async function readBlob(
  client: Pick<RegistryClient, 'fetchBlob'>,
  reference: Reference,
  descriptor: Descriptor,
  options: Omit<BlobOptions, 'offset' | 'onRestart'>,
): Promise<Buffer> {
  let chunks: Uint8Array[] = [];
  const onRestart = async (): Promise<void> => {
    chunks = [];
  };
  const bytes = client.fetchBlob(reference, descriptor, { ...options, offset: 0, onRestart });
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What lies above is no repository that somebody pulls as a whole. */
const maxTags = 100_000;

function readTags(page: unknown): string[] {
  const tags = typeof page === 'object' && page !== null && 'tags' in page ? page.tags : undefined;
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}
