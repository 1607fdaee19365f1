import fs from 'node:fs';
import path from 'node:path';
import { loadInto } from '#cli/commands/build/load-into.ts';
import { push } from '#cli/commands/build/push.ts';
import type { CliContext } from '#cli/context.ts';
import { writeOutputFile } from '#cli/output/output-file.ts';
import { removeImage, saveImages } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export type CacheFrom = { type: 'image'; reference: string } | { type: 'local'; directory: string };
/** `min`: the steps of the image itself, which carries them; `max`: those of all stages, in an image of their own. */
type CacheMode = 'min' | 'max';
export type CacheTo =
  | { type: 'inline' }
  | { type: 'registry'; reference: string; mode: CacheMode }
  | { type: 'local'; directory: string; mode: CacheMode };

/** The archive in a directory of `type=local`. */
const cacheArchive = 'dhow-cache.tar';

/** `reference`, `type=registry,ref=reference`, `type=local,src=directory`. @throws InvalidParameter; Unsupported */
export function parseCacheFrom(text: string): CacheFrom {
  if (!text.includes('=')) return { type: 'image', reference: text };
  const fields = parseFields(text, ['type', 'ref', 'src']);
  const type = fields.get('type') ?? 'registry';
  if (type === 'registry') return { type: 'image', reference: needed(fields, 'ref', text) };
  if (type === 'local') return { type: 'local', directory: needed(fields, 'src', text) };
  throw new DhowError('Unsupported', `a cache from ${type} is not supported: there are registry and local`);
}

/**
 * `type=inline`, `type=registry,ref=reference`, `type=local,dest=directory`; the latter with `mode=max` if wanted.
 * @throws InvalidParameter; Unsupported
 */
export function parseCacheTo(text: string): CacheTo {
  const fields = parseFields(text.includes('=') ? text : `type=registry,ref=${text}`, [
    'type',
    'ref',
    'dest',
    'mode',
  ]);
  const mode = fields.get('mode') ?? 'min';
  if (mode !== 'min' && mode !== 'max') {
    throw new DhowError('InvalidParameter', `the mode of a cache is min or max, not "${mode}"`);
  }
  const type = fields.get('type');
  if (type === 'inline') {
    if (mode === 'min') return { type };
    throw new DhowError(
      'InvalidParameter',
      'an inline cache has no mode=max: an image has its own steps only',
    );
  }
  if (type === 'registry') return { type, reference: needed(fields, 'ref', text), mode };
  if (type === 'local') return { type, directory: needed(fields, 'dest', text), mode };
  throw new DhowError(
    'Unsupported',
    `a cache to ${type ?? text} is not supported: there are inline, registry and local`,
  );
}

/** What the daemon is asked to make of the cache. */
export function cacheQuery(cacheTo: readonly CacheTo[]) {
  const ofAllStages = cacheTo.filter((cache) => cache.type !== 'inline' && cache.mode === 'max');
  return {
    'dhow-inline-cache': ofAllStages.length < cacheTo.length || undefined,
    'dhow-cache-image': ofAllStages.length > 0 || undefined,
    'dhow-cache-tag': ofAllStages.flatMap((cache) => (cache.type === 'registry' ? [cache.reference] : [])),
  };
}

/**
 * Brings the cache of a build where it was asked for. The image that carries the cache of all stages goes then: the daemon keeps what
 * steps made anyway.
 */
export async function exportCache(
  context: CliContext,
  cacheTo: readonly CacheTo[],
  { images, cacheId }: { images: readonly { id: string }[]; cacheId: string | undefined },
): Promise<void> {
  const passing: string[] = [];
  for (const cache of cacheTo) {
    if (cache.type === 'inline') continue;
    if (cache.mode === 'max') {
      if (cacheId === undefined) {
        throw new DhowError('Unsupported', 'this daemon makes no cache of all stages: leave mode=max out');
      }
      passing.push(cache.type === 'registry' ? cache.reference : cacheId);
    }
    if (cache.type === 'registry') {
      await push(context, cache.reference);
      continue;
    }
    const directory = path.resolve(context.workingDirectory, cache.directory);
    fs.mkdirSync(directory, { recursive: true });
    const ids = cache.mode === 'max' && cacheId !== undefined ? [cacheId] : images.map(({ id }) => id);
    const archive = await saveImages(context.client, ids, {}, context.signal);
    await writeOutputFile(cacheArchive, directory, archive);
  }
  // One that has other names, or the same again, may be gone or stay.
  for (const name of passing) await removeImage(context.client, name, {}, context.signal).catch(() => {});
}

/** What the daemon is to look at; archives in directories are loaded into it first. One that is not there yet is nothing. */
export async function prepareCacheFrom(
  context: CliContext,
  sources: readonly CacheFrom[],
): Promise<string[]> {
  const references: string[] = [];
  for (const source of sources) {
    if (source.type === 'image') references.push(source.reference);
    else references.push(...(await loadArchive(context, source.directory)));
  }
  return references;
}

async function loadArchive(context: CliContext, directory: string): Promise<string[]> {
  const file = path.resolve(context.workingDirectory, directory, cacheArchive);
  return fs.existsSync(file) ? loadInto(context, fs.createReadStream(file)) : [];
}

function parseFields(text: string, known: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals === -1 ? undefined : equals);
    if (equals === -1) throw new DhowError('InvalidParameter', `"${part}" is not of the form name=value`);
    if (!known.includes(name))
      throw new DhowError('Unsupported', `the cache option "${name}" is not supported`);
    fields.set(name, part.slice(equals + 1));
  }
  return fields;
}

function needed(fields: ReadonlyMap<string, string>, name: string, text: string): string {
  const value = fields.get(name);
  if (value) return value;
  throw new DhowError('InvalidParameter', `"${text}" needs ${name}=`);
}
