import type { FoundRepository, RegistryOptions } from '#engine/registries.ts';
import { DhowError } from '#errors/error.ts';
import type { RegistryClient } from '#registry/registry.ts';

/** See `RegistryService.search`. */
export async function searchImages(
  registry: RegistryClient,
  term: string,
  options: RegistryOptions & { limit: number },
): Promise<FoundRepository[]> {
  if (/^https?:\/\//.test(term)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid repository name: repository name (${term.slice(0, 200)}) should not have a scheme`,
    );
  }
  const slash = term.indexOf('/');
  const first = slash === -1 ? '' : term.slice(0, slash);
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const host = hasRegistry && first !== 'docker.io' && first !== 'index.docker.io' ? first : 'docker.io';
  const wanted = hasRegistry ? term.slice(slash + 1) : term;
  const found = await registry.search(host, wanted.replace(/^library\//, ''), options);
  // A name that can be pulled as it stands.
  return host === 'docker.io' ? found : found.map((entry) => ({ ...entry, name: `${host}/${entry.name}` }));
}
