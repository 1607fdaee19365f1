import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { DhowError } from '#errors/error.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import type { Database } from '#store/database.ts';
import { addLayer } from '#store/layers/add.ts';
import { adoptDirectory } from '#store/layers/adopt.ts';
import { createLayerSync } from '#store/layers/layer-sync.ts';
import { createLayerTable, type LayerRow } from '#store/layers/layer-table.ts';
import { removeLeftovers } from '#store/layers/leftovers.ts';
import { type LayerPlaces, placesOf } from '#store/layers/places.ts';
import { createSharedRuns } from '#store/layers/shared-runs.ts';
import { type UnpackParts, unpackInto } from '#store/layers/unpack.ts';
import { type LayerDamage, verifyLayer } from '#store/layers/verify.ts';
import type { Leases } from '#store/leases.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * Layers, unpacked once and shared by every container that needs them. A layer is named by its *diff id*, the digest
 * of the uncompressed tar. Layers are independent of their parents: one directory holds just the layer's own files
 * (overlayfs whiteouts included), so the layers of an image unpack in any order and in parallel.
 *
 *   unpack(diffId, source)  → reads the (compressed) tar into a private directory, checks the diff id, renames it into
 *                             place and writes the row; from then on immutable. Concurrent calls for one diff id share.
 *   adopt(upper)            → makes a layer of an overlay's upper directory, which a build has written, without copying it
 *   start-up                → removes directories that have no row
 *
 * On disk: `<number>/fs` for each row and beside it a record of the tar's other bytes (headers, order, padding), from which
 * `export` puts the very tar together again; `new-*` while unpacking, `removed-*` on the way out, `empty` as the lower
 * directory of an image without layers.
 *
 * Syncing: one syncfs for all layers of a pull, in the background after their rows, instead of an fsync for each file.
 * Until it is done a row carries the id of this boot of the machine. A daemon that dies loses nothing, as the kernel
 * still has the files; after a power cut the boot id differs, and such a layer is dropped, because its files may be
 * hollow. A caller that must promise durability waits for `durable()`.
 *
 * `rootMount` returns a mount *value*; this room does not mount.
 */
export interface LayerStore extends AsyncDisposable {
  has(diffId: Digest): boolean;
  /**
   * @param source the layer tar, compressed with gzip or zstd or not at all (detected from its first bytes); closed in
   *   any case, read only if the layer is not there yet
   * @param options.onProgress is told how many bytes of the source were used; those of another caller's source when
   *   that one is being unpacked
   * @returns size of the unpacked layer in bytes
   * @throws DataLoss when the uncompressed digest is not `diffId`; InvalidParameter for a malformed or hostile archive;
   *   the reason of `signal`, which does not stop other callers
   */
  unpack(
    diffId: Digest,
    source: AsyncIterable<Uint8Array>,
    options: { onProgress?: (sourceBytes: number) => void; signal: AbortSignal },
  ): Promise<number>;
  /**
   * Takes an upper directory, on the store's file system and no longer mounted, for a layer of its own. It is gone from its place when
   * this resolves, and after a failure.
   * @param options.latestSeconds later modification times are set back to this one, in seconds since 1970
   */
  adopt(
    upperDirectory: string,
    options: { latestSeconds?: number; signal: AbortSignal },
  ): Promise<{ diffId: Digest; sizeBytes: number }>;
  /** Unpacks a layer whose diff id nobody knows yet. The caller holds a lease. Same errors as `unpack`. */
  add(source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ diffId: Digest; sizeBytes: number }>;
  /**
   * The layer's tar as it was, bit by bit. @throws NotFound when the layer or its record is not there; DataLoss, at the end
   * at the latest, when the bytes given do not have the layer's digest; the reason of `signal`
   */
  export(diffId: Digest, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Length of what `export` gives. @throws NotFound as it does */
  tarBytesOf(diffId: Digest): number;
  /**
   * Whether the layer is as it was unpacked, in every respect. `mend` puts right what can be put right from the layer itself;
   * the caller sees to it that no running container has it mounted. @throws NotFound; ResourceExhausted
   */
  verify(diffId: Digest, options: { mend: boolean; signal: AbortSignal }): Promise<LayerDamage | undefined>;
  /** Unpacks a layer anew, in place of a damaged one. Same errors as `unpack`; NotFound. */
  replace(diffId: Digest, source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** Paths in the store's directory that belong to nothing. */
  strays(): string[];
  /** Removes what `strays` names. */
  removeStray(path: string): Promise<void>;
  /** Resolves when all layers unpacked so far are on disk, files and rows. */
  durable(): Promise<void>;
  /** Unpacked size in bytes. @throws NotFound */
  sizeOf(diffId: Digest): number;
  /** The layer is gone at once, its disk space when this resolves. No error if absent. */
  remove(diffId: Digest): Promise<void>;
  list(): Digest[];
  /**
   * The overlay of `diffIds` (base first) with a writable layer in `directory` (`upper` and `work` are made there).
   * @throws NotFound for a missing layer; Unsupported when there are more layers than the kernel takes
   */
  rootMount(diffIds: readonly Digest[], directory: string): RootMount;
  /** The layers' directories, top-most first, for an overlay that nothing can be written to. Same errors. */
  readonlyMount(diffIds: readonly Digest[]): string[];
  /** The layers' directories as `rootMount` gives them, without making anything. Same errors. */
  lowerDirectories(diffIds: readonly Digest[]): string[];
  /** The layer's own files, to be read only. @throws NotFound */
  directoryOf(diffId: Digest): string;
}

/** What to mount as a container's root, and how. */
export interface RootMount {
  type: 'overlay';
  /** Top-most first, as overlayfs lists them. */
  lowerDirectories: string[];
  upperDirectory: string;
  workDirectory: string;
}

export interface LayerStoreParts {
  database: Database;
  /** The store's own directory; its path should be short. */
  directory: string;
  workers: ArchiveWorkers;
  /** Where layers without a row go, when rows may have been lost; else they are removed. */
  orphansDirectory?: string;
  /** See `Leases`. */
  note: Leases['note'];
  /** Told of trouble that no caller waits for: a background sync or the removal of leftovers failed. */
  onBackgroundError: (step: string, error: unknown) => void;
}

/** OVL_MAX_STACK of fs/overlayfs/params.h. */
const maxLowerDirectories = 500;

/** Opens or creates the store. Leftovers of earlier runs are removed in the background. */
export function createLayerStore({
  database,
  directory,
  workers,
  orphansDirectory,
  note,
  onBackgroundError,
}: LayerStoreParts): LayerStore {
  const emptyDirectory = path.join(directory, 'empty');
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  fs.mkdirSync(emptyDirectory, { recursive: true });
  const table = createLayerTable(database);
  table.dropLostInCrash();
  const sync = createLayerSync(table, database, directory);
  const runs = createSharedRuns<Digest, number>();
  const leftovers = removeLeftovers(directory, table.ids(), workers, orphansDirectory).catch(
    (error: unknown) => onBackgroundError('remove leftovers of the layer store', error),
  );

  const claims = new Set<string>();
  const parts: UnpackParts = {
    ...{ directory, table, workers, note },
    claim(unfinished) {
      claims.add(path.basename(unfinished));
      return { [Symbol.dispose]: () => void claims.delete(path.basename(unfinished)) };
    },
  };

  const placesOfRow = (id: number): LayerPlaces => placesOf(path.join(directory, String(id)));
  const filesOf = (id: number): string => placesOfRow(id).files;

  function lookUp(diffId: Digest): LayerRow | undefined {
    const row = table.find(diffId);
    if (row !== undefined) note(diffId);
    return row;
  }

  function rowOf(diffId: Digest) {
    const row = table.find(diffId);
    if (row === undefined) throw new DhowError('NotFound', `the layer ${diffId} is not in the store`);
    return row;
  }

  function listLowerDirectories(diffIds: readonly Digest[]): string[] {
    const directories = lowerStack(diffIds.map(rowOf)).map((row) => filesOf(row.id));
    if (directories.length > maxLowerDirectories) {
      throw new DhowError(
        'Unsupported',
        `the image has ${directories.length} layers; the kernel's overlayfs takes at most ${maxLowerDirectories}`,
      );
    }
    return directories.length === 0 ? [emptyDirectory] : directories;
  }

  return {
    has: (diffId) => lookUp(diffId) !== undefined,
    sizeOf: (diffId) => rowOf(diffId).sizeBytes,
    list: () => table.list(),
    directoryOf: (diffId) => filesOf(rowOf(diffId).id),
    durable: () => sync.durable(),
    tarBytesOf: (diffId) => tarBytesOf(rowOf(diffId)),
    export(diffId, signal) {
      const row = rowOf(diffId);
      tarBytesOf(row);
      const { files, record } = placesOfRow(row.id);
      return workers.assemble({ directory: files, ...record }, hexOf(diffId), signal);
    },

    async unpack(diffId, source, { onProgress, signal }) {
      const size = await runs.run(
        diffId,
        { onProgress: onProgress ?? (() => {}), signal },
        async (progress) => {
          const present = lookUp(diffId);
          if (present !== undefined) {
            await closeUnread(source);
            return present.sizeBytes;
          }
          return unpackInto(parts, diffId, source, { onProgress: progress, signal });
        },
        () => closeUnread(source),
      );
      sync.durable().catch((error: unknown) => onBackgroundError('sync the layer store', error));
      return size;
    },

    async add(source, signal) {
      const added = await addLayer(parts, source, signal);
      sync.durable().catch((error: unknown) => onBackgroundError('sync the layer store', error));
      return added;
    },

    async adopt(upperDirectory, options) {
      const adopted = await adoptDirectory(parts, upperDirectory, options);
      sync.durable().catch((error: unknown) => onBackgroundError('sync the layer store', error));
      return adopted;
    },

    async remove(diffId) {
      const row = table.find(diffId);
      if (row === undefined) return;
      table.remove(row.id);
      const away = path.join(directory, `removed-${row.id}`);
      using _claim = parts.claim(away);
      try {
        fs.renameSync(path.join(directory, String(row.id)), away);
      } catch (error) {
        // Damage: the row was all that was left of it.
        if (hasCode(error, 'ENOENT')) return;
        throw error;
      }
      await workers.removeTree(away, hasManyEntries(row));
    },

    verify: (diffId, options) => verifyLayer(parts, rowOf(diffId), options),
    async replace(diffId, source, signal) {
      const damaged = rowOf(diffId);
      await unpackInto(parts, diffId, source, { onProgress: () => {}, signal, damaged });
      await sync.durable();
    },
    strays() {
      const ids = table.ids();
      return fs
        .readdirSync(directory)
        .filter(
          (name) => name !== 'empty' && !claims.has(name) && !(/^\d+$/.test(name) && ids.has(Number(name))),
        )
        .map((name) => path.join(directory, name));
    },
    removeStray: (stray) => workers.removeTree(stray),

    lowerDirectories: listLowerDirectories,
    readonlyMount(diffIds) {
      const directories = listLowerDirectories(diffIds);
      // Overlayfs wants two of them.
      return directories.includes(emptyDirectory) ? [emptyDirectory] : [...directories, emptyDirectory];
    },
    rootMount(diffIds, writable) {
      const upperDirectory = path.join(writable, 'upper');
      const workDirectory = path.join(writable, 'work');
      const lowerDirectories = listLowerDirectories(diffIds);
      fs.mkdirSync(upperDirectory, { recursive: true });
      // The root directory's mode is the container's; the daemon's umask has no say in it.
      fs.chmodSync(upperDirectory, 0o755);
      fs.mkdirSync(workDirectory, { recursive: true, mode: 0o700 });
      return { type: 'overlay', lowerDirectories, upperDirectory, workDirectory };
    },

    async [Symbol.asyncDispose]() {
      await leftovers;
      await sync.settled();
    },
  };
}

/** Each entry has a header of 512 bytes, and most have more besides their content. */
function hasManyEntries({ sizeBytes, tarBytes = sizeBytes }: LayerRow): boolean {
  return tarBytes - sizeBytes > 2 * 1024 * 1024;
}

function tarBytesOf({ diffId, tarBytes }: LayerRow): number {
  if (tarBytes !== undefined) return tarBytes;
  throw new DhowError(
    'NotFound',
    `the layer ${diffId} was unpacked by an older version, which kept no record of its tar: remove the image and pull it again`,
  );
}

/**
 * Top-most first. A layer that stands in an image twice is mounted once, at its upper place: overlayfs refuses the
 * same directory twice, and all that the lower one shows is shown by the upper one as well. Nothing is mounted below
 * a layer whose root is opaque.
 */
function lowerStack<Row extends { id: number; opaqueRoot: boolean }>(baseFirst: readonly Row[]): Row[] {
  const stack = new Map<number, Row>();
  for (const row of baseFirst.toReversed()) {
    if (!stack.has(row.id)) stack.set(row.id, row);
    if (row.opaqueRoot) break;
  }
  return [...stack.values()];
}

async function closeUnread(source: AsyncIterable<Uint8Array>): Promise<void> {
  await source[Symbol.asyncIterator]().return?.();
}
