import { DhowError } from '#errors/error.ts';
import { type Digest, isDigest } from '#image/digest.ts';

/** What a step made, and the keys under which a build finds it, for another machine. */
export interface CacheEntry {
  keys: readonly string[];
  /** A layer of the image that carries the entry; undefined: the step changed no file. */
  diffId: Digest | undefined;
  createdAt: Date;
  description: string;
}

/** A field of the image configuration besides those of the specification, which has to be ignored by who does not know it. */
const field = 'dhow.build.cache.v1';
const maxEntries = 10_000;
const maxKeys = 4;

export function formatCacheEntries(entries: readonly CacheEntry[]): Record<string, unknown> {
  return {
    [field]: entries.map(({ keys, diffId, createdAt, description }) => [
      keys,
      diffId ?? null,
      createdAt.getTime(),
      description,
    ]),
  };
}

/** Those of several stages, each once. */
export function mergeCacheEntries(lists: Iterable<readonly CacheEntry[]>): CacheEntry[] {
  const merged = new Map<string, CacheEntry>();
  for (const list of lists) for (const entry of list) merged.set(entry.keys.join(), entry);
  return [...merged.values()];
}

/**
 * Reads the entries in an image configuration. What they claim is believed, as in BuildKit: naming an image as a cache is
 * trusting it.
 * @returns nothing when there is none. @throws InvalidParameter for a malformed one
 */
export function parseCacheEntries(config: Uint8Array): CacheEntry[] {
  const parsed = JSON.parse(Buffer.from(config).toString()) as Record<string, unknown>;
  const value = parsed[field];
  if (value === undefined) return [];
  const malformed = new DhowError('InvalidParameter', 'the build cache of the image is malformed');
  if (!Array.isArray(value) || value.length > maxEntries) throw malformed;
  return value.map((entry: unknown) => {
    if (!Array.isArray(entry)) throw malformed;
    const [keys, diffId, createdAt, description] = entry as unknown[];
    const keysAreGood = Array.isArray(keys) && keys.length <= maxKeys && keys.every(isKey);
    const layerIsGood = diffId === null || (typeof diffId === 'string' && isDigest(diffId));
    if (!keysAreGood || !layerIsGood || typeof createdAt !== 'number' || typeof description !== 'string') {
      throw malformed;
    }
    return {
      keys: keys as string[],
      diffId: diffId === null ? undefined : (diffId as Digest),
      createdAt: new Date(createdAt),
      description: description.slice(0, 4096),
    };
  });
}

function isKey(value: unknown): boolean {
  return typeof value === 'string' && isDigest(value);
}
