import fs from 'node:fs/promises';
import { hasCode } from '#sys/libc.ts';

/** Directories on their way out. */
export interface Trash {
  /** Moves the directory aside at once; no error if it does not exist. */
  discard(directory: string): Promise<void>;
  /** Resolves when everything discarded so far is gone from the disk. */
  settled(): Promise<void>;
}

/**
 * `directory` lies on the same file system as what is discarded. What an earlier daemon left there is deleted too.
 * @param removeDeep removes a tree whose paths are longer than Linux takes them, which a container can make
 */
export async function createTrash(
  directory: string,
  removeDeep: (target: string) => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<Trash> {
  await fs.mkdir(directory, { recursive: true, mode: 0o700 });
  const deletions = new Set<Promise<void>>();
  let counter = 0;

  function deleteLater(target: string): void {
    const deletion = remove(target).catch(onFailure);
    const tracked = deletion.finally(() => deletions.delete(tracked));
    deletions.add(tracked);
  }
  async function remove(target: string): Promise<void> {
    try {
      // Most are small: not worth a worker.
      await fs.rm(target, { recursive: true, force: true });
    } catch (error) {
      if (!hasCode(error, 'ENAMETOOLONG')) throw error;
      await removeDeep(target);
    }
  }
  for (const leftover of await fs.readdir(directory)) deleteLater(`${directory}/${leftover}`);

  return {
    async discard(target) {
      const aside = `${directory}/${process.pid}-${counter++}`;
      try {
        await fs.rename(target, aside);
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return;
        throw error;
      }
      deleteLater(aside);
    },
    async settled() {
      await Promise.all(deletions);
    },
  };
}
