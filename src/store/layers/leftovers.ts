import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';

/**
 * Removes what earlier runs left in the layer store: layers half unpacked or half removed, and directories whose row
 * was never written. Names are read before this returns for the first time, so that new layers are safe from it.
 * @param orphansDirectory where directories without a row go instead, when rows may have been lost; on the same file system
 */
export async function removeLeftovers(
  directory: string,
  ids: ReadonlySet<number>,
  workers: Pick<ArchiveWorkers, 'removeTree'>,
  orphansDirectory?: string,
): Promise<void> {
  const leftovers = fs
    .readdirSync(directory)
    .filter((name) => name !== 'empty' && !(/^[0-9]+$/.test(name) && ids.has(Number(name))))
    .map((name) => path.join(directory, name));
  // A number would be given to a new layer, so its place must be free at once.
  const away = leftovers.flatMap((leftover) => {
    if (!/^[0-9]+$/.test(path.basename(leftover))) return [leftover];
    if (orphansDirectory !== undefined) {
      fs.mkdirSync(orphansDirectory, { recursive: true, mode: 0o700 });
      fs.renameSync(leftover, path.join(orphansDirectory, path.basename(leftover)));
      return [];
    }
    const renamed = path.join(directory, `removed-${path.basename(leftover)}-${Date.now()}`);
    fs.renameSync(leftover, renamed);
    return [renamed];
  });
  for (const leftover of away) await workers.removeTree(leftover);
}
