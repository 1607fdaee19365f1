import fs from 'node:fs/promises';
import { messageOf } from '#errors/error.ts';
import { removeEmptyVolume } from '#volume/local/create.ts';
import { dropUnfinishedFill, finishFill } from '#volume/local/fill.ts';
import { unmountVolume } from '#volume/local/mounts.ts';
import { directoryOf, isMountKind, type LocalParts } from '#volume/local/parts.ts';
import { finishRemoval, removedPrefix } from '#volume/local/remove.ts';
import { finishRenaming } from '#volume/local/rename.ts';

/**
 * Finishes what the last daemon had begun: removals, renames, fillings. A directory with content that no row knows is left alone, as it
 * may be all that a damaged database has left of a volume; `volume create` with its name takes it in.
 */
export async function finishAtStart(parts: LocalParts): Promise<void> {
  for (const { name, formerDirectory, removing, limited } of parts.table.unfinished()) {
    try {
      if (formerDirectory !== undefined)
        await finishRenaming(parts, name, directoryOf(parts, formerDirectory));
      if (removing) await finishRemoval(parts, name, limited);
    } catch (error) {
      // A full disk must not keep the daemon down: the next one tries again.
      parts.log.warn('volume not put in order', { name, error: messageOf(error) });
    }
  }
  const volumes = parts.table.list();
  for (const volume of volumes.filter(isMountKind)) {
    await parts.inOrder(volume.name, async () => {
      if (parts.holders.of(volume.name).length === 0) await unmountVolume(volume.mountpoint);
    });
  }
  const known = new Set(volumes.map(({ name }) => name));
  for (const name of await fs.readdir(parts.directory)) {
    try {
      if (known.has(name)) await tidy(parts, name);
      else await dropLeftover(parts, name);
    } catch (error) {
      parts.log.warn('directory of a volume not put in order', { name, error: messageOf(error) });
    }
  }
}

async function tidy(parts: LocalParts, name: string): Promise<void> {
  await parts.inOrder(name, async () => {
    const volume = parts.table.find(name);
    if (!volume) return;
    await dropUnfinishedFill(volume.mountpoint);
    if (!isMountKind(volume)) await finishFill(volume.mountpoint);
  });
}

async function dropLeftover(parts: LocalParts, name: string): Promise<void> {
  const directory = directoryOf(parts, name);
  if (name.startsWith(removedPrefix)) {
    await parts.workers.removeTree(directory);
    return;
  }
  await parts.inOrder(name, async () => {
    // Made meanwhile.
    if (parts.table.find(name)) return;
    // A directory that was made for a row that never came is empty, or has not even a place for files.
    if (!(await removeEmptyVolume(directory))) parts.log.warn('directory of no volume kept', { directory });
  });
}
