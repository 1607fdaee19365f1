import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { findContainer } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { findContainerUser } from '#engine/files/container-user.ts';
import { standardMountPoints } from '#engine/files/mount-points.ts';
import { type ContainerTree, openContainerTree } from '#engine/files/open-view.ts';
import type { ContainerFiles, FileStatus } from '#engine/files.ts';
import { DhowError, kindOf } from '#errors/error.ts';

export interface FileServiceParts {
  workers: Pick<ArchiveWorkers, 'compare' | 'pack'>;
  /** See `openTreeView`. */
  workerUrl: URL;
}

export function createContainerFiles(
  context: ContainerContext,
  { workers, workerUrl }: FileServiceParts,
): ContainerFiles {
  const open = (record: ContainerRecord, volumes = true): Promise<ContainerTree> =>
    openContainerTree(context, workerUrl, record, volumes);

  async function statIn(tree: ContainerTree, record: ContainerRecord, wanted: string): Promise<FileStatus> {
    try {
      return {
        ...(await tree.view.stat(lookupPath(wanted))),
        name: path.posix.basename(absolute(wanted)) || '/',
      };
    } catch (error) {
      if (kindOf(error) !== 'NotFound') throw error;
      throw new DhowError('NotFound', `Could not find the file ${wanted} in container ${record.name}`, {
        cause: error,
      });
    }
  }

  return {
    async stat(nameOrId, wanted) {
      const record = findContainer(context.table, nameOrId);
      await using tree = await open(record);
      return await statIn(tree, record, wanted);
    },

    async read(nameOrId, wanted, signal) {
      const record = findContainer(context.table, nameOrId);
      await using undo = new AsyncDisposableStack();
      const tree = undo.use(await open(record));
      const status = await statIn(tree, record, wanted);
      const pieces = tree.view.pack(
        { path: lookupPath(wanted), name: entryName(wanted), whiteouts: 'literal' },
        signal,
      );
      const held = undo.move();
      emitContainerEvent(context, record, 'archive-path');
      return { status, archive: disposing(pieces, held) };
    },

    async write(nameOrId, wanted, archive, { keepTypes, ownedByUser, signal }) {
      const record = findContainer(context.table, nameOrId);
      if (record.settings.host.readonlyRoot && !isInVolume(record, wanted)) {
        throw new DhowError('Forbidden', 'container rootfs is marked read-only');
      }
      await using tree = await open(record);
      // The directory itself, also when the path names a link to it.
      const named = await statIn(tree, record, wanted);
      const status = named.linkTarget === '' ? named : await statIn(tree, record, named.linkTarget);
      if ((status.mode & fs.constants.S_IFMT) !== fs.constants.S_IFDIR) {
        throw new DhowError('InvalidParameter', 'extraction point is not a directory');
      }
      const { user } = record.effective;
      const owner = ownedByUser && user !== '' ? await findContainerUser(tree.view, user) : undefined;
      await tree.view.unpack(status.resolved, archive, { keepTypes, signal, ...(owner ? { owner } : {}) });
      emitContainerEvent(context, record, 'extract-to-dir');
    },

    async *exportRoot(nameOrId, signal) {
      const record = findContainer(context.table, nameOrId);
      await using tree = await open(record, false);
      emitContainerEvent(context, record, 'export');
      yield* tree.view.pack({ path: '/', name: '', whiteouts: 'literal' }, signal);
    },

    async changes(nameOrId) {
      const record = findContainer(context.table, nameOrId);
      const paths = pathsOf(context.containersDirectory, record.id);
      const { upperDirectory, lowerDirectories } = context.layers.rootMount(
        record.layers,
        writableDirectory(paths, record.settings),
      );
      return workers.compare(upperDirectory, lowerDirectories, standardMountPoints);
    },
  };
}

/** A path that ends with a slash means what it leads to. */
function lookupPath(wanted: string): string {
  return wanted.endsWith('/') ? `${absolute(wanted)}/.` : keepDot(wanted);
}

function absolute(wanted: string): string {
  return path.posix.resolve('/', wanted);
}

/** `dir/.` is the directory's content, and a link before the dot is followed. */
function keepDot(wanted: string): string {
  return /(^|\/)\.$/.test(wanted) ? `${absolute(wanted)}/.` : absolute(wanted);
}

/** Docker's name of the archive's first entry. */
function entryName(wanted: string): string {
  if (/(^|\/)\.$/.test(wanted)) return './';
  return path.posix.basename(absolute(wanted)) || '/';
}

function isInVolume(record: ContainerRecord, wanted: string): boolean {
  const at = absolute(wanted);
  return record.mounts.some(({ target }) => at === target || at.startsWith(`${target}/`));
}

/** Gives back what an archive's reading holds, however the reader ends. */
async function* disposing(
  pieces: AsyncIterable<Uint8Array>,
  held: AsyncDisposable,
): AsyncGenerator<Uint8Array> {
  await using _held = held;
  yield* pieces;
}
