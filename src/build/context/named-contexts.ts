import type { ContextTree } from '#build/context/context-tree.ts';
import { fromBytePath, type SourceTree } from '#build/copy/source-tree.ts';

/** Where in the archive of a build's context the directories of its named contexts lie. */
const directory = '.dhow-contexts';

/** Takes the named contexts out of the build's own, which must not have them. @returns by name, in lower case */
export function takeNamedContexts(tree: ContextTree | undefined): Map<string, SourceTree> {
  const taken = new Map<string, SourceTree>();
  const below = tree?.below(directory);
  for (const name of below?.names() ?? []) {
    const named = below?.below(name);
    if (named !== undefined) taken.set(decodeURIComponent(fromBytePath(name)).toLowerCase(), named);
  }
  tree?.remove(directory);
  return taken;
}
