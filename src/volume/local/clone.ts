import { closeSync } from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { canShareBlocks } from '#sys/clone-file.ts';
import { openWithoutSymlinks } from '#sys/detached-mount.ts';
import { hasCode } from '#sys/libc.ts';
import { syncFileSystem } from '#sys/sync.ts';
import { checkName, describeVolume, makeDirectory, makeUpName } from '#volume/local/create.ts';
import { readVolumeOptions } from '#volume/local/options.ts';
import { getVolume, type LocalParts } from '#volume/local/parts.ts';
import { copyTree } from '#volume/local/program.ts';
import { finishRemoval } from '#volume/local/remove.ts';
import type { VolumeRecord, VolumeRequest } from '#volume/volume.ts';

/** See `VolumeStore.clone`. `from` is the source's directory, which the caller holds. */
export async function cloneVolume(
  parts: LocalParts,
  from: string,
  request: VolumeRequest,
): Promise<{ volume: VolumeRecord; sharesBlocks: boolean }> {
  const name = request.name ?? makeUpName();
  checkName(name);
  const { options = {} } = request;
  if (readVolumeOptions(options).kind === 'mount') {
    throw new DhowError('InvalidParameter', 'a clone is a directory: of the options it can have size alone');
  }
  return parts.inOrder(name, async () => {
    if (parts.table.find(name)) {
      throw new DhowError('Conflict', `the volume name "${name}" is already in use`);
    }
    parts.table.insert(describeVolume(name, request), true);
    try {
      const mountpoint = await makeDirectory(parts, name, options);
      const sharesBlocks = canShareBlocks(mountpoint);
      await copyFrom(from, mountpoint);
      await syncFileSystem(mountpoint);
      parts.table.keep(name);
      await parts.database.durable();
      return { volume: getVolume(parts, name), sharesBlocks };
    } catch (error) {
      await finishRemoval(parts, name, options['size'] !== undefined);
      throw error;
    }
  });
}

async function copyFrom(directory: string, target: string): Promise<void> {
  const source = openSource(directory);
  try {
    await copyTree(source, target);
  } finally {
    closeSync(source);
  }
}

/** Containers may change it meanwhile, and must not lead the copy to files of the host by a symlink in the place of a directory. */
function openSource(directory: string): number {
  try {
    return openWithoutSymlinks(directory);
  } catch (cause) {
    if (!hasCode(cause, 'ENOSYS')) throw cause;
    throw new DhowError('Unsupported', 'a clone needs Linux 5.12: export the volume and import it instead', {
      cause,
    });
  }
}
