import type { ContextTree } from '#build/context/context-tree.ts';
import { fromBytePath, toBytePath } from '#build/copy/source-tree.ts';
import { suggest } from '#build/dockerfile/suggest.ts';
import { type Dockerfile, parseDockerfile } from '#build/dockerfile.ts';
import type { BuildRequest } from '#build/request.ts';
import { cleanPath } from '#dockerignore/clean-path.ts';
import { createIgnoreRules, type IgnoreRules, parseIgnoreFile } from '#dockerignore/ignore-rules.ts';
import { DhowError } from '#errors/error.ts';

const maxBytes = 4 * 1024 * 1024;
const ignoreName = '.dockerignore';

/** The Dockerfile of a build, and the ignore rules of its context. */
export interface Definition {
  dockerfile: Dockerfile;
  ignored: IgnoreRules | undefined;
}

/**
 * Reads the Dockerfile and the ignore file. The files that were sent only for this, although the rules leave them out, are taken
 * out of the context.
 * @throws NotFound when there is no Dockerfile; InvalidParameter
 */
export async function readDefinition(
  { dockerfile }: Pick<BuildRequest, 'dockerfile'>,
  tree: ContextTree | undefined,
): Promise<Definition> {
  if ('bytes' in dockerfile) {
    const ignored = await readIgnored(tree, undefined);
    return { dockerfile: parseDockerfile(dockerfile.name, dockerfile.bytes), ignored: ignored?.rules };
  }
  const path = toBytePath(cleanPath(`/${dockerfile.path}`).slice(1));
  const bytes = await tree?.read(path, maxBytes);
  if (tree === undefined || bytes === undefined) throw await missing(tree, dockerfile.path);
  const parsed = parseDockerfile(shownName(dockerfile.path), bytes);
  const ignored = await readIgnored(tree, path);
  if (ignored !== undefined) {
    for (const own of [path, ignored.file]) if (ignored.rules.excludes(fromBytePath(own))) tree.remove(own);
  }
  return { dockerfile: parsed, ignored: ignored?.rules };
}

/** Clients send a Dockerfile from outside of the context under a name that they make up. */
function shownName(path: string): string {
  return /^\.dockerfile\.[0-9a-f-]+$/.test(path) ? 'Dockerfile' : path;
}

/** A Dockerfile may have an ignore file of its own beside it, which then counts alone. */
async function readIgnored(
  tree: ContextTree | undefined,
  dockerfile: string | undefined,
): Promise<{ rules: IgnoreRules; file: string } | undefined> {
  if (tree === undefined) return undefined;
  const files = dockerfile === undefined ? [ignoreName] : [`${dockerfile}${ignoreName}`, ignoreName];
  for (const file of files) {
    const bytes = await tree.read(file, maxBytes);
    if (bytes !== undefined) {
      return { rules: createIgnoreRules(parseIgnoreFile(file, bytes), file), file };
    }
  }
  return undefined;
}

async function missing(tree: ContextTree | undefined, path: string): Promise<DhowError> {
  const names = ((await tree?.list('')) ?? []).map(fromBytePath);
  const near = suggest(path, names);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return new DhowError('NotFound', `Cannot locate specified Dockerfile: ${path.slice(0, 200)}${hint}`);
}
