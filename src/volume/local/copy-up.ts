import { closeSync, constants, fstatSync } from 'node:fs';
import fs from 'node:fs/promises';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { hasCode } from '#sys/libc.ts';
import { openInRoot, openRoot } from '#sys/open-in-root.ts';
import { fillVolume, isEmpty } from '#volume/local/fill.ts';
import { copyTree } from '#volume/local/program.ts';

/**
 * Fills an empty volume with what the image has at `target`, as Docker does: owners, modes, times, links and xattrs kept, and the
 * directory's own owner and mode too.
 * @param workers for a volume on a file system of its own, into which nothing can be moved: its files are written by a thread
 *   that follows no symlinks
 */
export async function copyUp(
  rootDirectory: string,
  target: string,
  mountpoint: string,
  workers: Pick<ArchiveWorkers, 'pack' | 'unpack'> | undefined,
): Promise<void> {
  if (!(await isEmpty(mountpoint))) return;
  const source = openDirectoryInRoot(rootDirectory, target);
  if (source === undefined) return;
  const sourcePath = `/proc/${process.pid}/fd/${source}`;
  const { uid, gid, mode } = fstatSync(source);
  const own = async (directory: string): Promise<void> => {
    await fs.chown(directory, uid, gid);
    await fs.chmod(directory, mode & 0o7777);
  };
  try {
    if ((await fs.readdir(sourcePath)).length === 0) {
      await own(mountpoint);
    } else if (workers === undefined) {
      await fillVolume(mountpoint, async (staging) => {
        await copyTree(`${sourcePath}/.`, staging);
        await own(staging);
      });
    } else {
      const { signal } = new AbortController();
      const archive = workers.pack(sourcePath, { path: '.', name: '', whiteouts: 'literal' }, signal);
      await workers.unpack(mountpoint, archive, { whiteouts: 'literal', signal });
      await own(mountpoint);
    }
  } finally {
    closeSync(source);
  }
}

function openDirectoryInRoot(rootDirectory: string, target: string): number | undefined {
  const root = openRoot(rootDirectory);
  try {
    return openInRoot(root, target, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    // The image has nothing there: the volume stays empty.
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  } finally {
    closeSync(root);
  }
}
