import { closeSync, constants, fstatSync } from 'node:fs';
import fs from 'node:fs/promises';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { type IdMapping, toInside } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';
import { openInRoot, openRoot } from '#sys/open-in-root.ts';
import { fillVolume, isEmpty } from '#volume/local/fill.ts';
import { copyTree } from '#volume/local/program.ts';

/**
 * Fills an empty volume with what the image has at `target`, as Docker does: owners, modes, times, links and xattrs kept, and the
 * directory's own owner and mode too.
 * @param from the mounted root, and the ids with which it is
 * @param to a volume on a file system of its own takes nothing that is moved: its files are written by a thread that follows no symlinks
 */
export async function copyUp(
  {
    rootDirectory,
    target,
    mapping,
  }: { rootDirectory: string; target: string; mapping: IdMapping | undefined },
  { mountpoint, isMount }: { mountpoint: string; isMount: boolean },
  workers: Pick<ArchiveWorkers, 'pack' | 'unpack'>,
): Promise<void> {
  if (!(await isEmpty(mountpoint))) return;
  const source = openDirectoryInRoot(rootDirectory, target);
  if (source === undefined) return;
  const sourcePath = `/proc/${process.pid}/fd/${source}`;
  const { mode, ...owner } = fstatSync(source);
  const uid = mapping === undefined ? owner.uid : toInside(mapping.uids, owner.uid);
  const gid = mapping === undefined ? owner.gid : toInside(mapping.gids, owner.gid);
  const own = async (directory: string): Promise<void> => {
    await fs.chown(directory, uid, gid);
    await fs.chmod(directory, mode & 0o7777);
  };
  async function unpackInto(directory: string): Promise<void> {
    const { signal } = new AbortController();
    const ids = mapping === undefined ? {} : { mapping };
    const archive = workers.pack(sourcePath, { path: '.', name: '', whiteouts: 'literal', ...ids }, signal);
    await workers.unpack(directory, archive, { whiteouts: 'literal', signal });
  }
  try {
    if ((await fs.readdir(sourcePath)).length === 0) {
      await own(mountpoint);
    } else if (!isMount) {
      await fillVolume(mountpoint, async (staging) => {
        if (mapping === undefined) await copyTree(source, staging);
        else await unpackInto(staging);
        await own(staging);
      });
    } else {
      await unpackInto(mountpoint);
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
