import fs from 'node:fs/promises';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';
import { checkName, syncDirectory } from '#volume/local/create.ts';
import { directoryOf, getVolume, type LocalParts } from '#volume/local/parts.ts';

/** See `VolumeStore.rename`. */
export async function renameVolume(
  parts: LocalParts,
  name: string,
  newName: string,
  alongside: () => void,
): Promise<void> {
  checkName(newName);
  if (name === newName) {
    getVolume(parts, name);
    return;
  }
  const [first, second] = [name, newName].sort() as [string, string];
  await parts.inOrder(first, () =>
    parts.inOrder(second, async () => {
      getVolume(parts, name);
      if (parts.table.find(newName)) {
        throw new DhowError('Conflict', `the volume name "${newName}" is already in use`);
      }
      parts.database.transaction(() => {
        parts.table.rename(name, newName);
        alongside();
      });
      parts.holders.rename(name, newName);
      await parts.database.durable();
      await finishRenaming(parts, newName, directoryOf(parts, name));
      await parts.database.durable();
    }),
  );
}

/** Brings the files of a volume to where its name says. */
export async function finishRenaming(parts: LocalParts, name: string, from: string): Promise<void> {
  const to = directoryOf(parts, name);
  try {
    await fs.rename(from, to);
  } catch (error) {
    // An earlier daemon had come further.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  parts.table.settleDirectory(name);
  await syncDirectory(parts.directory);
}
