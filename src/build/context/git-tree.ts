import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { createDiskTree } from '#build/copy/disk-tree.ts';
import { fromBytePath, type SourceNode, type SourceTree, toBytePath } from '#build/copy/source-tree.ts';
import type { RemoteSource } from '#build/executor.ts';
import type { GitUrl } from '#build/git-url.ts';
import { cleanPath } from '#dockerignore/clean-path.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';

export interface GitTreeParts {
  remote: RemoteSource;
  workers: ArchiveWorkers;
  workDirectory: string;
  removeTree: (path: string) => Promise<void>;
}

/** A repository that was checked out. */
export interface GitTree {
  tree: SourceTree;
  /** What of the tree the URL names. */
  node: SourceNode;
  /** That as a tree of its own. @throws InvalidParameter when it is a file */
  below(): SourceTree;
}

/**
 * Checks a repository out for the length of a build.
 * @param deferred what to do when the build has ended
 * @throws NotFound for a directory that is not in it; what the check-out throws
 */
export async function openGitTree(
  { remote, workers, workDirectory, removeTree }: GitTreeParts,
  git: GitUrl,
  deferred: (undo: () => Promise<void>) => void,
  signal: AbortSignal,
): Promise<GitTree> {
  const directory = path.join(workDirectory, `git-${randomUUID()}`);
  deferred(quietly('remove a repository', () => removeTree(directory)));
  fs.mkdirSync(directory, { mode: 0o700 });
  await remote.checkOut(git, directory, signal);
  const tree = createDiskTree(directory, workers);
  const node = await tree.find(toBytePath(cleanPath(`/${git.directory ?? ''}`).slice(1)));
  if (node === undefined) throw new DhowError('NotFound', `"${git.directory}" is not in the repository`);
  return {
    tree,
    node,
    below() {
      if (!node.isDirectory) throw new DhowError('InvalidParameter', `"${git.directory}" is no directory`);
      return createDiskTree(path.join(directory, fromBytePath(node.path)), workers);
    },
  };
}
