import path from 'node:path/posix';
import { parseChmod } from '#build/copy/chmod.ts';
import { contentTree } from '#build/copy/content-tree.ts';
import { type Changes, copyTar, type PlacedEntry, placeEntries } from '#build/copy/copy-tar.ts';
import { digestEntries } from '#build/copy/digest-entries.ts';
import {
  bodyAt,
  entriesOf,
  entryAt,
  excludeRules,
  type Gathered,
  gather,
  joinPath,
} from '#build/copy/gather.ts';
import { findDestination } from '#build/copy/in-root.ts';
import { newDirectory } from '#build/copy/new-directory.ts';
import { type Destination, placeGathered } from '#build/copy/place.ts';
import { type SourceEntry, type SourceTree, toBytePath } from '#build/copy/source-tree.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import { type Chain, chainKey, stepKey } from '#build/execute/chain.ts';
import { openRemoteFile, type SpooledRemote } from '#build/execute/remote-file.ts';
import type { ReadyStep, StepInputs } from '#build/execute/step-inputs.ts';
import { isArchive, unpackArchive } from '#build/execute/unpack-archive.ts';
import { openWorkspace } from '#build/execute/workspace.ts';
import type { CopyStep, StepSource } from '#build/steps.ts';
import { messageOf } from '#errors/error.ts';

/** One source with all that it stands for. */
interface Found {
  source: StepSource;
  tree: SourceTree;
  gathered: Gathered;
}

/**
 * COPY and ADD. The cheap key says where the sources come from; it misses when a stage was built anew, and then the key over
 * the contents themselves finds the copy of the same files. For the context both are the same, as its contents are known.
 */
export async function readyCopy(step: CopyStep, inputs: StepInputs): Promise<ReadyStep> {
  const { session } = inputs;
  const { request, signal } = session;
  const contextName = step.from?.kind === 'context' ? step.from.name : undefined;
  const fromChain =
    step.from === undefined || step.from.kind === 'context' ? undefined : await inputs.chainOf(step.from);
  const chain: Chain = step.link ? [] : inputs.chain;
  const remotes = new Map<string, SpooledRemote>();
  for (const source of step.sources) {
    if (source.kind === 'remote') remotes.set(source.url, await openRemoteFile(step, source, session));
  }
  const definition = [
    chainKey(chain),
    // Names of users are those of the file system below, also for a layer that does not depend on it.
    step.link && step.chown !== undefined && !/^\d+(?::\d+)?$/.test(step.chown) ? chainKey(inputs.chain) : '',
    step.verb,
    step.destination,
    step.destinationIsDirectory,
    step.chown,
    step.chmod,
    step.link,
    step.parents,
    step.excludes,
    step.unpack,
    request.sourceDateEpoch,
  ];
  const sourceTree = async (): Promise<SourceTree> =>
    fromChain === undefined ? session.contextTree(contextName) : (await session.mounted(fromChain)).tree;

  let foundOnce: Promise<Found[]> | undefined;
  const find = (): Promise<Found[]> => {
    foundOnce ??= findSources(step, sourceTree, remotes);
    return foundOnce;
  };

  const keys = [];
  if (fromChain !== undefined) {
    keys.push(async () => stepKey('copy-from', ...definition, chainKey(fromChain), describe(step.sources)));
  }
  keys.push(async () => {
    const digests: unknown[] = [];
    for (const found of await find()) {
      const { name, isDirectory, parents } = found.gathered;
      const above: string[] = [];
      for (const parent of parents) {
        above.push(await digestEntries(attributesOf(found.tree, parent.path, signal)));
      }
      digests.push([name, isDirectory, await digestEntries(entriesIn(found)), ...above]);
    }
    return stepKey('copy', ...definition, digests);
  });

  function entriesIn({ tree, gathered }: Found): AsyncIterable<SourceEntry> {
    return entriesOf(tree, gathered, excludeRules(step), signal);
  }

  return {
    keys,
    async run() {
      const found = await find();
      await using workspace = await openWorkspace(session.parts, chain);
      const { root } = workspace;
      const changes = await changesOf(step, inputs, root);
      const destination = findDestination(root, step.destination);
      const places = placeGathered(
        step,
        found.map(({ gathered }) => gathered),
        destination,
      );
      const archives: { found: Found; directory: string }[] = [];
      const entries = async function* (): AsyncGenerator<PlacedEntry, void> {
        yield* missingDirectories(step, found, destination, changes);
        for (const [index, one] of found.entries()) {
          const place = places[index] ?? destination.path;
          if (await isArchiveToUnpack(step, one)) {
            archives.push({ found: one, directory: destination.path });
            continue;
          }
          yield* parentDirectories(one, destination, changes, signal);
          for await (const entry of placeEntries(entriesIn(one), place, changes)) {
            const isTop = entry.path === place && one.gathered.isDirectory;
            // A directory that is there keeps its attributes when the content of another one goes into it.
            if (isTop && destination.kind === 'directory' && place === destination.path) continue;
            yield entry;
          }
        }
      };
      try {
        await session.parts.workers.unpack(root, copyTar(entries()), {
          whiteouts: 'literal',
          keepTypes: true,
          signal,
        });
        for (const { found: one, directory } of archives) {
          const body = bodyAt(one.tree, one.gathered.path, signal);
          await unpackArchive(session, root, directory, body, changes);
        }
      } catch (error) {
        signal.throwIfAborted();
        throw dockerfileError(step.source, step.range, messageOf(error));
      }
      return workspace.commit(request.sourceDateEpoch, signal);
    },
  };

  async function isArchiveToUnpack({ verb, unpack }: CopyStep, one: Found): Promise<boolean> {
    if (verb !== 'ADD' || unpack === false || one.gathered.isDirectory) return false;
    if (one.source.kind === 'content') return false;
    if (one.source.kind === 'remote' && unpack !== true) return false;
    return isArchive(bodyAt(one.tree, one.gathered.path, signal));
  }
}

async function findSources(
  step: CopyStep,
  sourceTree: () => Promise<SourceTree>,
  remotes: ReadonlyMap<string, SpooledRemote>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const source of step.sources) {
    if (source.kind === 'path') {
      const tree = await sourceTree();
      for (const gathered of await gather(tree, step, source)) found.push({ source, tree, gathered });
      continue;
    }
    const remote = source.kind === 'remote' ? remotes.get(source.url) : undefined;
    if (remote !== undefined) {
      const { tree, path: from, isDirectory } = remote;
      found.push({
        source,
        tree,
        gathered: { path: from, name: toBytePath(remote.name), isDirectory, parents: [] },
      });
    } else if (source.kind === 'content') {
      const name = toBytePath(source.name);
      const gathered = { path: name, name, isDirectory: false, parents: [] };
      found.push({ source, tree: contentTree(name, source.content), gathered });
    }
  }
  return found;
}

async function changesOf(step: CopyStep, inputs: StepInputs, root: string): Promise<Changes> {
  const refuse = (message: string): Error => dockerfileError(step.source, step.range, message);
  const mode = step.chmod === undefined ? undefined : parseChmod(step.chmod);
  if (step.chmod !== undefined && mode === undefined) {
    throw refuse(
      `--chmod takes an octal mode such as 0755 or a symbolic one such as u=rwX,go=rX, not "${step.chmod}"`,
    );
  }
  if (step.chown === undefined) return mode ? { mode } : {};
  // A layer of its own has no user database; the one below it counts.
  const database = step.link ? (await inputs.session.mounted(inputs.chain)).root : root;
  try {
    const { uid, gid } = inputs.session.parts.resolveOwner(database, step.chown);
    // A number alone is the group's as well, whatever the user database says of it; a name alone brings the group of its entry.
    const owner = { uid, gid: /^\d+$/.test(step.chown) ? uid : gid };
    return { owner, ...(mode ? { mode } : {}) };
  } catch (error) {
    throw refuse(messageOf(error));
  }
}

function* missingDirectories(
  step: CopyStep,
  found: readonly Found[],
  destination: Destination,
  { owner = { uid: 0, gid: 0 } }: Changes,
): Generator<PlacedEntry, void> {
  for (const directory of destination.missingParents) yield newDirectory(directory, owner);
  const isDirectory = step.destinationIsDirectory || step.parents;
  const filesOnly = found.every(({ gathered }) => !gathered.isDirectory) || step.parents;
  if (destination.kind === 'absent' && isDirectory && filesOnly && found.length > 0) {
    yield newDirectory(destination.path, owner);
  }
}

/** With `--parents`, the directories of the source path. */
async function* parentDirectories(
  { tree, gathered }: Found,
  destination: Destination,
  changes: Changes,
  signal: AbortSignal,
): AsyncGenerator<PlacedEntry, void> {
  for (const { path: from, name } of gathered.parents) {
    yield* placeEntries(attributesOf(tree, from, signal), joinPath(destination.path, name), changes);
  }
}

/** A directory without what is in it. */
async function* attributesOf(
  tree: SourceTree,
  directory: string,
  signal: AbortSignal,
): AsyncGenerator<SourceEntry, void> {
  const entry = await entryAt(tree, directory, signal);
  if (entry !== undefined) yield entry;
}

function describe(sources: readonly StepSource[]): unknown {
  return sources.map((source) =>
    source.kind === 'path'
      ? ['path', path.normalize(source.path)]
      : source.kind === 'content'
        ? ['content', source.name, source.content]
        : ['remote', source.url],
  );
}
