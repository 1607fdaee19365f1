import fs from 'node:fs/promises';
import { hasCode } from '#sys/libc.ts';

/** Directories on their way out. */
export interface Trash {
  /** Moves the directory aside at once; no error if it does not exist. */
  discard(directory: string): Promise<void>;
  /** Resolves when everything discarded so far is gone from the disk. */
  settled(): Promise<void>;
}

/** `directory` lies on the same file system as what is discarded. What an earlier daemon left there is deleted too. */
export async function createTrash(directory: string, onFailure: (error: unknown) => void): Promise<Trash> {
  await fs.mkdir(directory, { recursive: true, mode: 0o700 });
  const deletions = new Set<Promise<void>>();
  let counter = 0;

  function deleteLater(target: string): void {
    const deletion = fs.rm(target, { recursive: true, force: true }).catch(onFailure);
    const tracked = deletion.finally(() => deletions.delete(tracked));
    deletions.add(tracked);
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
