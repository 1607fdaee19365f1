import { DhowError, kindOf } from '#errors/error.ts';
import { listPages } from '#registry/documents/list.ts';
import { settle } from '#registry/failures/transient.ts';
import { addressedEndpoint, type Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask, AskRequest } from '#registry/http/ask.ts';
import { askWhole } from '#registry/http/ask-whole.ts';
import { withRetries } from '#registry/http/back-off.ts';
import type { FoundRepository, RegistryLimits, SearchOptions } from '#registry/registry.ts';

const hubSearchHost = 'index.docker.io';
const maxAnswerBytes = 8 * 1024 * 1024;
/** Repositories of a catalogue that are looked through. */
const maxCatalogue = 20_000;

/**
 * See `RegistryClient.search`. Docker Hub and old registries have the search of the registry API's first version; what has none
 * is searched by its catalogue, which says names only.
 */
export async function searchRegistry(
  parts: { ask: Ask; limits: RegistryLimits },
  registry: string,
  term: string,
  options: SearchOptions,
): Promise<FoundRepository[]> {
  const known = addressedEndpoint(registry);
  const isHub = registry === 'docker.io';
  const endpoint: Endpoint = isHub ? { ...known, host: hubSearchHost } : known;
  try {
    return await searchV1(parts, endpoint, term, options);
  } catch (error) {
    options.signal.throwIfAborted();
    const isWithout = ['NotFound', 'Unavailable', 'InvalidParameter'].includes(kindOf(settle(error)));
    if (isHub || !isWithout) throw settle(error);
  }
  const names = await listPages(
    parts,
    endpoint,
    { path: '_catalog?n=1000', asked: 'registry', maxEntries: maxCatalogue },
    options,
    readCatalogue,
  );
  const wanted = term.toLowerCase();
  return names
    .filter((name) => name.includes(wanted))
    .slice(0, options.limit)
    .map((name) => ({ name, description: '', stars: 0, isOfficial: false }));
}

async function searchV1(
  parts: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  term: string,
  { limit, credentials, signal }: SearchOptions,
): Promise<FoundRepository[]> {
  const query = new URLSearchParams({ q: term, n: String(limit) });
  // Beside `/v2/`.
  const request: AskRequest = { path: `../v1/search?${query}`, asked: 'registry', credentials, signal };
  const { url, body } = await withRetries({ ...parts.limits, attempts: 2 }, signal, () =>
    askWhole(parts, endpoint, request, { maxBytes: maxAnswerBytes, what: 'search result' }),
  );
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString());
  } catch (cause) {
    throw new DhowError('InvalidParameter', `${url.host} answered a search with something that is not JSON`, {
      cause,
    });
  }
  const results = typeof answer === 'object' && answer !== null && 'results' in answer ? answer.results : [];
  return Array.isArray(results) ? results.slice(0, limit).flatMap(readResult) : [];
}

function readResult(value: unknown): FoundRepository[] {
  if (typeof value !== 'object' || value === null) return [];
  const { name, description, star_count: stars, is_official: isOfficial } = value as Record<string, unknown>;
  if (typeof name !== 'string') return [];
  return [
    {
      name,
      description: typeof description === 'string' ? description : '',
      stars: typeof stars === 'number' ? stars : 0,
      isOfficial: isOfficial === true,
    },
  ];
}

function readCatalogue(page: unknown): string[] {
  const names =
    typeof page === 'object' && page !== null && 'repositories' in page ? page.repositories : undefined;
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
