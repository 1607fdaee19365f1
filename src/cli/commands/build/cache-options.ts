import fs from 'node:fs';
import path from 'node:path';
import type { CliContext } from '#cli/context.ts';
import { failureOf } from '#cli/output/progress.ts';
import { loadImages } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export type CacheFrom = { type: 'image'; reference: string } | { type: 'local'; directory: string };
export type CacheTo =
  | { type: 'inline' }
  | { type: 'registry'; reference: string }
  | { type: 'local'; directory: string };

/** The archive in a directory of `type=local`. */
export const cacheArchive = 'dhow-cache.tar';

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
 * `type=inline`, `type=registry,ref=reference`, `type=local,dest=directory`. All keep the steps of the image itself (`mode=min`), not
 * those of other stages.
 * @throws InvalidParameter; Unsupported
 */
export function parseCacheTo(text: string): CacheTo {
  const fields = parseFields(text.includes('=') ? text : `type=registry,ref=${text}`, [
    'type',
    'ref',
    'dest',
    'mode',
  ]);
  if ((fields.get('mode') ?? 'min') !== 'min') {
    throw new DhowError(
      'Unsupported',
      'a cache with mode=max is not supported: it has the steps of the image (mode=min)',
    );
  }
  const type = fields.get('type');
  if (type === 'inline') return { type };
  if (type === 'registry') return { type, reference: needed(fields, 'ref', text) };
  if (type === 'local') return { type, directory: needed(fields, 'dest', text) };
  throw new DhowError(
    'Unsupported',
    `a cache to ${type ?? text} is not supported: there are inline, registry and local`,
  );
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
  if (!fs.existsSync(file)) return [];
  const ids: string[] = [];
  const messages = await loadImages(
    context.client,
    fs.createReadStream(file),
    { quiet: true },
    context.signal,
  );
  for await (const message of messages) {
    const failure = failureOf(message);
    if (failure !== undefined) throw failure;
    const name = /^Loaded image(?: ID)?: (\S+)\n$/.exec(message.stream ?? '')?.[1];
    if (name !== undefined) ids.push(name);
  }
  return ids;
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
