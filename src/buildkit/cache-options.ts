import type { SolveRequest } from '#buildkit/messages/control.ts';
import type { BuildSettings } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';
import { parseReference } from '#image/reference.ts';

/** What the client's `--cache-from` and `--cache-to` mean for the builder. */
export interface CacheOptions {
  settings: Pick<BuildSettings, 'cacheFrom' | 'inlineCache' | 'cacheImage'>;
  /** References that the image itself, with its cache, is pushed to, too. */
  imageReferences: readonly string[];
  /** References that an image with the cache of all stages is pushed to. */
  cacheReferences: readonly string[];
}

/** @throws Unsupported for a cache that is not in images; InvalidParameter */
export function decodeCacheOptions({ cache, frontendAttributes }: SolveRequest): CacheOptions {
  const imageReferences: string[] = [];
  const cacheReferences: string[] = [];
  let inlineCache = frontendAttributes.get('build-arg:BUILDKIT_INLINE_CACHE') === '1';
  for (const { type, attributes } of cache?.exports ?? []) {
    if (type === 'inline') {
      inlineCache = true;
      continue;
    }
    const reference = referenceOf(type, attributes);
    if (attributes.get('mode') === 'max') cacheReferences.push(reference);
    else {
      inlineCache = true;
      imageReferences.push(reference);
    }
  }
  const cacheImage = { tags: cacheReferences.map((reference) => parseReference(reference)) };
  return {
    settings: {
      cacheFrom: (cache?.imports ?? []).map(({ type, attributes }) => referenceOf(type, attributes)),
      inlineCache,
      ...(cacheReferences.length > 0 ? { cacheImage } : {}),
    },
    imageReferences,
    cacheReferences,
  };
}

function referenceOf(type: string, attributes: ReadonlyMap<string, string>): string {
  if (type !== 'registry') {
    throw new DhowError(
      'Unsupported',
      `a cache of type "${type.slice(0, 60)}" is not supported: there are registry and inline, and with dhow build local`,
    );
  }
  const reference = attributes.get('ref');
  if (!reference) throw new DhowError('InvalidParameter', 'a cache of type "registry" needs a ref');
  return reference;
}
