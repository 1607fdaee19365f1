import { maxDecompressedBytes } from '#archive/decompress.ts';
import type { PackOptions } from '#archive/pack/tree-packer.ts';
import type { ViewMounts } from '#archive/view/enter.ts';
import type { PathStatus } from '#archive/view/path-status.ts';
import { WorkerThread } from '#archive/workers/worker-thread.ts';

export type { ViewMounts } from '#archive/view/enter.ts';
export type { PathStatus } from '#archive/view/path-status.ts';

/**
 * A container's files, volumes included, as its processes see them, whether it runs or not. The mounts are made in a mount
 * namespace of a thread of the view's own, and are gone with it: nothing can be left over, and the container sees none of it.
 * Whatever links the container puts in the way, all paths stay inside the tree. One call at a time.
 */
export interface TreeView extends AsyncDisposable {
  /** The last name is not followed. @throws NotFound */
  stat(path: string): Promise<PathStatus>;
  /** A tar archive of `options.path`; see `ArchiveWorkers.pack`. */
  pack(options: PackOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Unpacks a tar archive into a directory that is there.
   * @param base below the root, as `PathStatus.resolved` has it
   * @throws InvalidParameter for a malformed or hostile archive, and with `keepTypes` for a file where a directory is and the
   *   other way round; ResourceExhausted for a full disk; Forbidden where nothing can be written
   */
  unpack(base: string, source: AsyncIterable<Uint8Array>, options: ViewUnpackOptions): Promise<void>;
}

export interface ViewUnpackOptions {
  /** Whom everything shall belong to, whatever the archive says. */
  owner?: { uid: number; gid: number };
  keepTypes: boolean;
  signal: AbortSignal;
}

/**
 * @param workerUrl see `ArchiveWorkersParts`
 * @throws Internal when something cannot be mounted
 */
export async function openTreeView(workerUrl: URL, mounts: ViewMounts): Promise<TreeView> {
  const thread = new WorkerThread(workerUrl, () => {});
  const { root, mapping } = mounts;
  const ids = mapping === undefined ? {} : { mapping };
  try {
    await thread.enter(mounts);
  } catch (error) {
    await thread.terminate();
    throw error;
  }
  return {
    stat: (path) => thread.stat(root, path),
    pack: (options, signal) => thread.pack(root, { ...options, ...ids }, signal),
    async unpack(base, source, { signal, ...options }) {
      const unpackOptions = {
        ...options,
        ...ids,
        base,
        whiteouts: 'literal' as const,
        maxBytes: maxDecompressedBytes,
      };
      await thread.unpack(root, source, unpackOptions, () => {}, signal);
    },
    [Symbol.asyncDispose]: () => thread.terminate(),
  };
}
