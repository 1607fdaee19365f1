import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Chain } from '#build/execute/chain.ts';
import type { CommandView, OverlayMounter } from '#build/executor.ts';
import { quietly } from '#errors/quietly.ts';
import type { Digest } from '#image/digest.ts';
import type { LayerStore } from '#store/layers.ts';

/** A writable root on a chain of layers. Whatever happens, it is unmounted and removed when disposed. */
export interface Workspace extends AsyncDisposable {
  /** The mounted root. */
  root: string;
  /** Unmounts, and makes a layer of what was written. @returns undefined when nothing was */
  commit(
    latestSeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<{ diffId: Digest; sizeBytes: number } | undefined>;
}

export interface WorkspaceParts {
  layers: Pick<LayerStore, 'rootMount' | 'adopt'>;
  mounter: OverlayMounter;
  /** On the layer store's file system; each workspace has a directory in it. */
  workDirectory: string;
  removeTree: (path: string) => Promise<void>;
}

export interface WorkspaceOptions {
  /** A directory to be seen above the chain's layers, and to be in none. */
  above?: string;
  /** To run a command in. */
  forCommand?: boolean;
}

/**
 * What a command's root makes is root's on disk: with the setuid bit it would make root of whoever runs it. The runtime passes through as
 * that root.
 */
function closeToOthers(directory: string, { owner }: CommandView): void {
  fs.chownSync(directory, 0, owner({ uid: 0, gid: 0 }).gid);
  fs.chmodSync(directory, 0o710);
}

export async function openWorkspace(
  { layers, mounter, workDirectory, removeTree }: WorkspaceParts,
  chain: Chain,
  { above, forCommand }: WorkspaceOptions = {},
): Promise<Workspace> {
  await using undo = new AsyncDisposableStack();
  const directory = path.join(workDirectory, randomUUID());
  const root = path.join(directory, 'root');
  undo.defer(quietly('remove a build directory', () => removeTree(directory)));
  fs.mkdirSync(root, { recursive: true, mode: 0o711 });
  if (forCommand && mounter.forCommand.differs) closeToOthers(directory, mounter.forCommand);
  const mount = layers.rootMount(chain, directory);
  if (above !== undefined) mount.lowerDirectories.unshift(above);
  if (forCommand) mounter.mountForCommand(mounter.forCommand.root(mount), root);
  else mounter.mount(mount, root);
  undo.defer(quietly('unmount a build root', () => mounter.unmount(root)));
  const held = undo.move();
  return {
    root,
    async commit(latestSeconds, signal) {
      mounter.unmount(root);
      if (fs.readdirSync(mount.upperDirectory).length === 0) return undefined;
      const limit = latestSeconds === undefined ? {} : { latestSeconds };
      return layers.adopt(mount.upperDirectory, { ...limit, signal });
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
