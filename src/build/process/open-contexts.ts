import type { ContextTree } from '#build/context/context-tree.ts';
import { type GitTreeParts, openGitTree } from '#build/context/git-tree.ts';
import { takeNamedContexts } from '#build/context/named-contexts.ts';
import { receiveContext } from '#build/context/receive-context.ts';
import type { SourceTree } from '#build/copy/source-tree.ts';
import type { BuildRequest } from '#build/request.ts';
import { DhowError, kindOf, messageOf } from '#errors/error.ts';

/** What a build copies from besides stages and images. */
export interface OpenedContexts {
  /** undefined: the build has none. */
  own: ContextTree | undefined;
  /** By name, in lower case. */
  named: ReadonlyMap<string, SourceTree>;
}

/**
 * Receives the context of a build, and fetches those that were named by URL.
 * @param held what to do when the build has ended
 * @throws InvalidParameter and what the fetch throws
 */
export async function openContexts(
  parts: GitTreeParts,
  { context, contexts }: Pick<BuildRequest, 'context' | 'contexts'>,
  held: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<OpenedContexts> {
  const own = context && held.use(await receiveContext(context, parts.workDirectory, signal)).tree;
  const named = takeNamedContexts(own);
  const defer = (undo: () => Promise<void>): void => held.defer(undo);
  for (const [name, given] of contexts) {
    if (given.kind !== 'git' && given.kind !== 'url') continue;
    try {
      const tree =
        given.kind === 'git'
          ? (await openGitTree(parts, given.git, defer, signal)).below()
          : await download(parts, given.url, held, signal);
      named.set(name, tree);
    } catch (error) {
      signal.throwIfAborted();
      throw new DhowError(kindOf(error), `the context "${name}": ${messageOf(error)}`, { cause: error });
    }
  }
  return { own, named };
}

async function download(
  { remote, workDirectory }: GitTreeParts,
  url: URL,
  held: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<SourceTree> {
  const { body } = await remote.fetch(url.href, signal);
  return held.use(await receiveContext(body, workDirectory, signal)).tree;
}
