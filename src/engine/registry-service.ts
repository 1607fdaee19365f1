import { describeImage, fetchRawManifest } from '#engine/registries/describe.ts';
import { pushIndex } from '#engine/registries/push-index.ts';
import { searchImages } from '#engine/registries/search.ts';
import type { RegistryService } from '#engine/registries.ts';
import type { Platform } from '#image/platform.ts';
import type { RegistryClient } from '#registry/registry.ts';

export interface RegistryParts {
  registry: RegistryClient;
  hostPlatform: Platform;
}

export function createRegistryService(parts: RegistryParts): RegistryService {
  return {
    login: (address, credentials, signal) => parts.registry.checkCredentials(address, credentials, signal),
    search: (term, options) => searchImages(parts, term, options),
    describe: (name, options) => describeImage(parts, name, options),
    manifest: (name, options) => fetchRawManifest(parts, name, options),
    pushIndex: (name, entries, options) => pushIndex(parts, name, entries, options),
  };
}
