import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { DhowError } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { Database } from '#store/database.ts';
import { directorySize } from '#sys/directory-size.ts';
import { cloneVolume } from '#volume/local/clone.ts';
import { copyUp } from '#volume/local/copy-up.ts';
import { createVolume } from '#volume/local/create.ts';
import { fillVolume, isEmpty } from '#volume/local/fill.ts';
import { finishAtStart } from '#volume/local/finish-at-start.ts';
import { holdVolume, releaseVolume } from '#volume/local/hold.ts';
import { createHolders } from '#volume/local/holders.ts';
import { createInOrder } from '#volume/local/in-order.ts';
import { getVolume, isMountKind, type LocalParts } from '#volume/local/parts.ts';
import { removeVolume } from '#volume/local/remove.ts';
import { renameVolume } from '#volume/local/rename.ts';
import { createVolumeTable } from '#volume/local/volume-table.ts';
import type { VolumeStore } from '#volume/volume.ts';

export { volumeMigrations } from '#volume/local/volume-table.ts';

/** Into a file system of its own nothing can be moved: a failure takes out again what had come so far. */
async function unpackInPlace(
  workers: Pick<ArchiveWorkers, 'unpack' | 'removeTree'>,
  directory: string,
  source: AsyncIterable<Uint8Array>,
  options: Parameters<ArchiveWorkers['unpack']>[2],
): Promise<void> {
  try {
    await workers.unpack(directory, source, options);
  } catch (error) {
    for (const name of fs.readdirSync(directory)) {
      if (name !== 'lost+found') await workers.removeTree(path.join(directory, name));
    }
    throw error;
  }
}

/** Volumes as directories `<directory>/<name>/_data`, Docker's layout. */
export function createLocalVolumeStore(given: {
  database: Database;
  directory: string;
  workers: Pick<ArchiveWorkers, 'pack' | 'unpack' | 'removeTree'>;
  log: Log;
}): VolumeStore {
  const parts: LocalParts = {
    ...given,
    table: createVolumeTable(given.database, given.directory),
    holders: createHolders(),
    inOrder: createInOrder(),
  };
  const { table, holders, inOrder, workers } = parts;
  fs.mkdirSync(parts.directory, { recursive: true, mode: 0o700 });
  let visits = 0;

  /** Holds a volume while something is done with its files. */
  async function visit<T>(name: string, why: string, body: (directory: string) => Promise<T>): Promise<T> {
    const visitor = `${why}-${visits++}`;
    const directory = await holdVolume(parts, name, visitor);
    try {
      return await body(directory);
    } finally {
      await releaseVolume(parts, name, visitor);
    }
  }

  return {
    create: (request) => createVolume(parts, request),
    get: (name) => getVolume(parts, name),
    find: (name) => table.find(name),
    list: () => table.list(),
    async sizeOf(name) {
      const volume = getVolume(parts, name);
      return isMountKind(volume) ? 0 : directorySize(volume.mountpoint);
    },
    remove: (name, users) => removeVolume(parts, name, users),
    rename: (name, newName, alongside) => renameVolume(parts, name, newName, alongside),
    clone: (name, request) => visit(name, 'clone', (directory) => cloneVolume(parts, directory, request)),
    async *pack(name, signal) {
      const visitor = `export-${visits++}`;
      const directory = await holdVolume(parts, name, visitor);
      try {
        yield* workers.pack(directory, { path: '.', name: '.', whiteouts: 'literal' }, signal);
      } finally {
        await releaseVolume(parts, name, visitor);
      }
    },
    unpack: (name, source, signal) =>
      visit(name, 'import', (directory) =>
        inOrder(name, async () => {
          if (!(await isEmpty(directory))) {
            throw new DhowError(
              'Conflict',
              `the volume "${name}" has content already: import into a new one, or empty it first`,
            );
          }
          const options = { whiteouts: 'literal' as const, signal };
          if (isMountKind(getVolume(parts, name))) {
            await unpackInPlace(workers, directory, source, options);
          } else {
            await fillVolume(directory, async (staging) => {
              await workers.unpack(staging, source, options);
            });
          }
        }),
      ),
    hold: (name, holder) => holdVolume(parts, name, holder),
    release: (name, holder) => releaseVolume(parts, name, holder),
    adopt: (name, holder) => void holders.add(name, holder),
    settle: () => finishAtStart(parts),
    isMount: (name) => isMountKind(getVolume(parts, name)),
    copyUp: (name, rootDirectory, target, mapping) =>
      inOrder(name, async () => {
        const volume = getVolume(parts, name);
        await copyUp(
          { rootDirectory, target, mapping },
          { mountpoint: volume.mountpoint, isMount: isMountKind(volume) },
          workers,
        );
      }),
  };
}
