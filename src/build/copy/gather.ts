import type { SourceEntry, SourceTree } from '#build/copy/source-tree.ts';
import { fromBytePath, toBytePath } from '#build/copy/source-tree.ts';
import { dockerfileError, type SourceText } from '#build/dockerfile/source.ts';
import { suggest } from '#build/dockerfile/suggest.ts';
import type { CopyStep, StepSource } from '#build/steps.ts';
import { cleanPath } from '#dockerignore/clean-path.ts';
import { createIgnoreRules, type IgnoreRules } from '#dockerignore/ignore-rules.ts';
import { compilePathPattern } from '#dockerignore/path-pattern.ts';

/** One thing to copy, with all that is below it. */
export interface Gathered {
  /** Where it lies in the source tree, without symlinks. */
  path: string;
  isDirectory: boolean;
  /** Its name at the destination, if that is a directory; with `--parents` several parts. */
  name: string;
  /** With `--parents`: the directories of `name`, from the top. */
  parents: { path: string; name: string }[];
}

const wildcards = /[*?[\\]/;

/**
 * Finds what a source of COPY or ADD stands for. A pattern may match nothing; a plain path must be there.
 * @throws NotFound with the place and the near miss
 */
export async function gather(
  tree: SourceTree,
  step: Pick<CopyStep, 'source' | 'parents'>,
  source: StepSource & { kind: 'path' },
): Promise<Gathered[]> {
  const { above, inside } = splitAtPivot(source.path, step.parents);
  const matches: { match: string; top: string }[] = [];
  for (const top of await expand(tree, '', above, { anyDepth: false })) {
    const below = await expand(tree, top, inside, { anyDepth: step.parents });
    for (const match of below) matches.push({ match, top });
  }
  if (matches.length === 0 && !wildcards.test(source.path)) throw await notFound(tree, step.source, source);
  const gathered: Gathered[] = [];
  for (const { match, top } of matches) {
    const node = await tree.find(match);
    // A dangling symlink that a pattern found is no reason to fail.
    if (node === undefined) continue;
    const name = step.parents ? match.slice(top === '' ? 0 : top.length + 1) : baseName(match);
    const parents: Gathered['parents'] = [];
    if (step.parents) {
      const parts = name.split('/');
      for (let count = 1; count < parts.length; count++) {
        const parent = parts.slice(0, count).join('/');
        const found = await tree.find(joinPath(top, parent));
        if (found !== undefined) parents.push({ path: found.path, name: parent });
      }
    }
    gathered.push({ ...node, name, parents });
  }
  return gathered;
}

/** The rules of `--exclude`; paths are relative to the directory that is copied. @throws InvalidParameter */
export function excludeRules({ excludes }: Pick<CopyStep, 'excludes'>): IgnoreRules | undefined {
  return excludes.length === 0 ? undefined : createIgnoreRules(excludes, '--exclude');
}

/**
 * Names one entry and all after it below the thing that was gathered, those left out that `--exclude` matches. Of a file whose first
 * name is left out the next one is the file, and the others are links to that.
 */
export async function* entriesOf(
  tree: SourceTree,
  { path, name, isDirectory }: Gathered,
  excluded: IgnoreRules | undefined,
  signal: AbortSignal,
): AsyncGenerator<SourceEntry, void> {
  if (excluded === undefined) {
    yield* tree.entries(path, signal);
    return;
  }
  const leftOut = new Set<string>();
  const firstNames = new Map<string, string>();
  for await (const entry of tree.entries(path, signal)) {
    const relative = isDirectory ? entry.name : baseName(name);
    if (relative !== '' && excluded.excludes(fromBytePath(relative))) {
      if (entry.header.type === 'file') leftOut.add(entry.name);
      continue;
    }
    const target = entry.header.linkNameBytes.toString('latin1');
    const isOrphan = entry.header.type === 'hard-link' && leftOut.has(target);
    const firstName = isOrphan ? firstNames.get(target) : undefined;
    if (!isOrphan) yield entry;
    else if (firstName !== undefined) {
      yield { ...entry, header: { ...entry.header, linkNameBytes: Buffer.from(firstName, 'latin1') } };
    } else {
      firstNames.set(target, entry.name);
      const file = await entryAt(tree, joinPath(path, target), signal);
      if (file !== undefined) yield { ...file, name: entry.name };
    }
  }
}

/** What is at a path, without what is below it. Its body can be read whenever it is wanted. */
export async function entryAt(
  tree: SourceTree,
  path: string,
  signal: AbortSignal,
): Promise<SourceEntry | undefined> {
  for await (const { body: _, ...entry } of tree.entries(path, signal)) {
    return { ...entry, body: () => bodyAt(tree, path, signal) };
  }
  return undefined;
}

export async function* bodyAt(
  tree: SourceTree,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  for await (const { body } of tree.entries(path, signal)) {
    yield* body();
    return;
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function joinPath(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

/** `a/./b` with `--parents` keeps `b` only. */
function splitAtPivot(written: string, parents: boolean): { above: string; inside: string } {
  const pivot = parents ? written.indexOf('/./') : -1;
  const clean = (text: string): string => toBytePath(cleanPath(`/${text}`).slice(1));
  if (pivot === -1) return { above: '', inside: clean(written) };
  return { above: clean(written.slice(0, pivot)), inside: clean(written.slice(pivot + 3)) };
}

/**
 * Paths below `top` that a pattern matches, as they are named (symlinks on the way are followed, but stay in the name).
 * @param anyDepth whether `**` is any number of directories, and not just another `*`
 */
async function expand(
  tree: SourceTree,
  top: string,
  pattern: string,
  { anyDepth }: { anyDepth: boolean },
): Promise<string[]> {
  if (!wildcards.test(pattern)) {
    const path = joinPath(top, pattern);
    return (await tree.find(path)) === undefined ? [] : [path];
  }
  let matches = [top];
  for (const part of pattern.split('/')) {
    const next: string[] = [];
    for (const match of matches) {
      const found =
        part === '**' && anyDepth
          ? [match, ...(await directoriesBelow(tree, match))]
          : await expandPart(tree, match, part);
      for (const path of found) next.push(path);
    }
    matches = [...new Set(next)];
  }
  return matches.sort();
}

async function expandPart(tree: SourceTree, directory: string, part: string): Promise<string[]> {
  const node = await tree.find(directory);
  if (node === undefined || !node.isDirectory) return [];
  if (!wildcards.test(part)) {
    const path = joinPath(directory, part);
    return (await tree.find(path)) === undefined ? [] : [path];
  }
  const matches = compilePathPattern(fromBytePath(part), { doubleStar: false });
  const names = await tree.list(node.path);
  return names.filter((name) => matches?.(fromBytePath(name))).map((name) => joinPath(directory, name));
}

const maxDepth = 100;

/** From the top; symlinks are not walked through. */
async function directoriesBelow(tree: SourceTree, directory: string): Promise<string[]> {
  const found: string[] = [];
  let level = [directory];
  for (let depth = 0; level.length > 0 && depth <= maxDepth; depth++) {
    const next: string[] = [];
    for (const parent of level) {
      const node = await tree.find(parent);
      if (!node?.isDirectory || node.path !== parent) continue;
      for (const name of await tree.list(parent)) next.push(joinPath(parent, name));
    }
    level = [];
    for (const path of next) {
      const child = await tree.find(path);
      if (child?.isDirectory && child.path === path) level.push(path);
    }
    for (const path of level) found.push(path);
  }
  return found;
}

async function notFound(
  tree: SourceTree,
  text: SourceText,
  source: StepSource & { kind: 'path' },
): Promise<Error> {
  const path = toBytePath(cleanPath(`/${source.path}`).slice(1));
  const slash = path.lastIndexOf('/');
  const parent = await tree.find(slash === -1 ? '' : path.slice(0, slash));
  const names = parent?.isDirectory ? await tree.list(parent.path) : [];
  const near = suggest(fromBytePath(baseName(path)), names.map(fromBytePath));
  const hint =
    near === undefined
      ? ''
      : `; did you mean ${fromBytePath(joinPath(path.slice(0, Math.max(0, slash)), toBytePath(near)))}?`;
  return dockerfileError(
    text,
    source.range,
    `"${source.path.slice(0, 200)}" is not there${hint}`,
    'NotFound',
  );
}
