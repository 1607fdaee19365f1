import fs from 'node:fs/promises';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { forgetDirectoryLimit } from '#sys/directory-limit.ts';
import { hasCode } from '#sys/libc.ts';
import { mountPointsUnder } from '#sys/mount-table.ts';
import { unmountVolume } from '#volume/local/mounts.ts';
import { directoryOf, getVolume, isMountKind, type LocalParts } from '#volume/local/parts.ts';

/** See `VolumeStore.remove`. */
export async function removeVolume(
  parts: LocalParts,
  name: string,
  users: () => readonly string[],
): Promise<void> {
  await parts.inOrder(name, async () => {
    const volume = getVolume(parts, name);
    if (isMountKind(volume)) await unmountVolume(volume.mountpoint);
    refuseForeignMounts(name, volume.mountpoint);
    const inUse = [...new Set([...users(), ...parts.holders.of(name)])];
    if (inUse.length > 0) {
      throw new DhowError('Conflict', `remove ${name}: volume is in use - [${inUse.join(', ')}]`);
    }
    // From here on it is gone for everybody; what a daemon that dies leaves of it is removed by the next.
    parts.table.markRemoving(name);
    await parts.database.durable();
    await finishRemoval(parts, name, volume.options['size'] !== undefined);
  });
}

/** Removes the files and the row of a volume that is marked for it. */
export async function finishRemoval(parts: LocalParts, name: string, limited: boolean): Promise<void> {
  const directory = directoryOf(parts, name);
  const away = path.join(parts.directory, `${removedPrefix}${name}`);
  if (limited) forgetDirectoryLimit(directory);
  await moveAway(directory, away);
  parts.table.delete(name);
  await parts.database.durable();
  await parts.workers.removeTree(away);
}

/** No name of a volume begins so. */
export const removedPrefix = '.removed-';

async function moveAway(directory: string, away: string): Promise<void> {
  try {
    await fs.rename(directory, away);
  } catch (error) {
    // An earlier daemon had come further.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** What somebody has mounted into a volume is not the volume's: it must not be deleted with it. */
function refuseForeignMounts(name: string, mountpoint: string): void {
  const [place] = mountPointsUnder(mountpoint);
  if (place === undefined) return;
  throw new DhowError('Conflict', `remove ${name}: something is mounted on ${place}: unmount it first`);
}
