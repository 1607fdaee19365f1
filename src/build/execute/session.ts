import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import type { CacheMounts } from '#build/cache/cache-mounts.ts';
import type { CacheTable } from '#build/cache/cache-table.ts';
import { copyTar, placeEntries } from '#build/copy/copy-tar.ts';
import { createDiskTree } from '#build/copy/disk-tree.ts';
import type { SourceTree } from '#build/copy/source-tree.ts';
import { type Chain, chainKey } from '#build/execute/chain.ts';
import { openWorkspace, type WorkspaceParts } from '#build/execute/workspace.ts';
import type { CommandRunner, RemoteSource, ResolveOwner } from '#build/executor.ts';
import type { OpenedContexts } from '#build/process/open-contexts.ts';
import type { BuildRequest } from '#build/request.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { ImageRunConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import type { Platform } from '#image/platform.ts';

/** What the execution of steps works with; the same for all builds. */
export interface ExecuteParts extends WorkspaceParts {
  workers: ArchiveWorkers;
  runner: CommandRunner;
  remote: RemoteSource;
  resolveOwner: ResolveOwner;
  cache: CacheTable;
  cacheMounts: CacheMounts;
  /** For secrets: in memory (a tmpfs). */
  runDirectory: string;
  hostPlatform: Platform;
}

/** What one build holds while it runs. */
export interface BuildSession extends AsyncDisposable {
  parts: ExecuteParts;
  request: BuildRequest;
  signal: AbortSignal;
  /** @param name of a named context; undefined: the build's own. @throws InvalidParameter when the build has none */
  contextTree(name?: string): SourceTree;
  /** The context as files, made when it is first asked for. */
  contextDirectory(name?: string): Promise<string>;
  /** Records an image without a name. */
  keepImage(chain: Chain, config: ImageRunConfig, platform: Platform): Promise<Digest>;
  /** Something to be done when the build has ended. */
  deferred(undo: () => Promise<void>): void;
  /** A chain's file system to be read, mounted when it is first asked for. */
  mounted(chain: Chain): Promise<{ root: string; tree: SourceTree }>;
  /** The root of the same as commands see it. */
  mountedForCommand(chain: Chain): Promise<string>;
}

export function openSession(
  parts: ExecuteParts,
  request: BuildRequest,
  contexts: OpenedContexts,
  keepImage: BuildSession['keepImage'],
  signal: AbortSignal,
): BuildSession {
  const held = new AsyncDisposableStack();
  const mounts = new Map<string, Promise<{ root: string; tree: SourceTree }>>();
  const commandMounts = new Map<string, Promise<string>>();
  const unpacked = new Map<string, Promise<string>>();

  function contextTree(name?: string): SourceTree {
    if (name !== undefined) {
      const tree = contexts.named.get(name);
      if (tree === undefined) throw new DhowError('InvalidParameter', `the context "${name}" was not sent`);
      return tree;
    }
    if (contexts.own !== undefined) return contexts.own;
    throw new DhowError('InvalidParameter', 'this build has no context: only a Dockerfile was given');
  }

  async function unpackContext(name?: string): Promise<string> {
    const directory = path.join(parts.workDirectory, `context-${randomUUID()}`);
    held.defer(quietly('remove an unpacked context', () => parts.removeTree(directory)));
    fs.mkdirSync(directory, { mode: 0o755 });
    const entries = placeEntries(contextTree(name).entries('', signal), '', {});
    await parts.workers.unpack(directory, copyTar(entries), { whiteouts: 'literal', signal });
    return directory;
  }

  async function mount(chain: Chain) {
    const workspace = await openWorkspace(parts, chain);
    held.use(workspace);
    return { root: workspace.root, tree: createDiskTree(workspace.root, parts.workers) };
  }

  async function mountForCommand(chain: Chain): Promise<string> {
    if (!parts.mounter.forCommand.differs) return (await session.mounted(chain)).root;
    const workspace = await openWorkspace(parts, chain, { forCommand: true });
    held.use(workspace);
    return workspace.root;
  }

  const session: BuildSession = {
    parts,
    request,
    signal,
    contextTree,
    keepImage,
    deferred: (undo) => held.defer(undo),
    contextDirectory(name) {
      const key = name ?? '';
      const found = unpacked.get(key) ?? unpackContext(name);
      unpacked.set(key, found);
      return found;
    },
    mounted(chain) {
      const key = chainKey(chain);
      const found = mounts.get(key) ?? mount(chain);
      mounts.set(key, found);
      return found;
    },
    mountedForCommand(chain) {
      const key = chainKey(chain);
      const found = commandMounts.get(key) ?? mountForCommand(chain);
      commandMounts.set(key, found);
      return found;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
  return session;
}
