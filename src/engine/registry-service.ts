import { describeImage, fetchRawManifest } from '#engine/registries/describe.ts';
import { pushIndex } from '#engine/registries/push-index.ts';
import { searchImages } from '#engine/registries/search.ts';
import type { RegistryOptions, RegistryService } from '#engine/registries.ts';
import { parseReference } from '#image/reference.ts';
import type { RegistryClient } from '#registry/registry.ts';

export interface RegistryParts {
  registry: RegistryClient;
  /** A client for one operation that the user allows to speak to the host insecurely. */
  connectInsecurely: (host: string) => RegistryClient & Disposable;
}

export function createRegistryService(parts: RegistryParts): RegistryService {
  async function reach<T>(
    name: string,
    options: RegistryOptions,
    action: (registry: RegistryClient) => Promise<T>,
  ): Promise<T> {
    if (!options.insecure) return action(parts.registry);
    using registry = parts.connectInsecurely(parseReference(name).registry);
    return await action(registry);
  }

  return {
    login: (address, credentials, signal) => parts.registry.checkCredentials(address, credentials, signal),
    search: (term, options) => searchImages(parts.registry, term, options),
    describe: (name, options) => reach(name, options, (registry) => describeImage(registry, name, options)),
    manifest: (name, options) =>
      reach(name, options, (registry) => fetchRawManifest(registry, name, options)),
    pushIndex: (name, entries, options) =>
      reach(name, options, (registry) => pushIndex(registry, name, entries, options)),
  };
}
