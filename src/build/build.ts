import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { createCacheMounts } from '#build/cache/cache-mounts.ts';
import { createCacheTable } from '#build/cache/cache-table.ts';
import { type PruneOptions, pruneCache } from '#build/cache/prune.ts';
import type { CachedBuildStep } from '#build/cache-row.ts';
import type { StepsUnderWay } from '#build/execute/execute-step.ts';
import type { ExecuteParts } from '#build/execute/session.ts';
import type { CommandRunner, OverlayMounter, RemoteSource, ResolveOwner } from '#build/executor.ts';
import type { RecordParts } from '#build/process/record-images.ts';
import { type BuildResult, runBuild } from '#build/process/run-build.ts';
import type { BuildRequest } from '#build/request.ts';
import { quietly } from '#errors/quietly.ts';
import type { Platform } from '#image/platform.ts';
import type { ContentStore } from '#store/content.ts';
import type { Database } from '#store/database.ts';
import { createImageIndexes } from '#store/image-indexes.ts';
import type { Collector, ImageStore } from '#store/images.ts';
import type { LayerUses } from '#store/layer-uses.ts';
import type { LayerStore } from '#store/layers.ts';
import { returnFreeMemory } from '#sys/memory.ts';

export type { PruneOptions } from '#build/cache/prune.ts';
export type { BuildResult } from '#build/process/run-build.ts';

/**
 * Builds images from Dockerfiles.
 *
 *   receive  the context: its names in memory, its content in one file
 *   read     the Dockerfile → stages → what the target needs → images that it stands on → all variables expanded
 *   run      stages side by side; each step looked up by a digest of its inputs, else run on an overlay of the layers so
 *            far, whose upper directory becomes the next layer
 *   record   the configuration and the row of the image: its layers are in the store already
 *
 * What is under way is in memory only. After a crash `restore` removes the directories and mounts that were left; steps that
 * were done are in the cache.
 */
export interface Builder {
  /**
   * @returns undefined when only checks were asked for
   * @throws what a step throws; everything that the build made and nobody needs is gone
   */
  build(request: BuildRequest): Promise<BuildResult | undefined>;
  /** Resolves when no build is under way. */
  settled(): Promise<void>;
  /** Removes what earlier processes left. Before the first build. */
  restore(): Promise<void>;
  /** See `pruneCache`. */
  prune(options: PruneOptions): Promise<{ removed: string[]; freedBytes: number }>;
  /** Least recently used first. */
  cache(): CachedBuildStep[];
}

export interface BuilderParts {
  database: Database;
  content: ContentStore;
  layers: LayerStore;
  layerUses: LayerUses;
  images: ImageStore;
  collector: Collector;
  workers: ArchiveWorkers;
  mounter: OverlayMounter;
  runner: CommandRunner;
  remote: RemoteSource;
  resolveOwner: ResolveOwner;
  hostPlatform: Platform;
  /** On the layer store's file system. */
  directory: string;
  /** In memory. */
  runDirectory: string;
  /** The cache is cut back to this after each build. */
  maxCacheBytes: number;
}

export function createBuilder(parts: BuilderParts): Builder {
  const { database, layers, workers, collector, mounter } = parts;
  const workDirectory = path.join(parts.directory, 'work');
  fs.mkdirSync(workDirectory, { recursive: true, mode: 0o711 });
  fs.mkdirSync(parts.runDirectory, { recursive: true, mode: 0o700 });
  const removeTree = (target: string): Promise<void> => workers.removeTree(target);
  const cache = createCacheTable({ database, layers, layerUses: parts.layerUses });
  const cacheMounts = createCacheMounts({
    directory: path.join(parts.directory, 'mounts'),
    table: cache,
    removeTree,
  });
  const underWay: StepsUnderWay = new Map();
  const execute: ExecuteParts = {
    ...{ layers, mounter, workDirectory, removeTree, workers, cache, cacheMounts },
    runner: parts.runner,
    remote: parts.remote,
    resolveOwner: parts.resolveOwner,
    runDirectory: parts.runDirectory,
    hostPlatform: parts.hostPlatform,
  };
  const record: RecordParts = { ...parts, indexes: createImageIndexes(database) };
  const running = new Set<Promise<unknown>>();

  async function build(request: BuildRequest): Promise<BuildResult | undefined> {
    const done = Promise.withResolvers<void>();
    running.add(done.promise);
    try {
      using lease = collector.lease();
      return await runBuild({ execute, record, underWay }, request, lease);
    } finally {
      if (running.size === 1) {
        // What the build came to is not changed by a cache that cannot be cut back.
        await quietly('cut the build cache back', async () => {
          await pruneCache({ cache, cacheMounts, collector }, { keepBytes: parts.maxCacheBytes });
        })();
        returnFreeMemory();
      }
      running.delete(done.promise);
      done.resolve();
    }
  }

  return {
    build,
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
    async restore() {
      for (const entry of fs.readdirSync(workDirectory, { withFileTypes: true })) {
        const left = path.join(workDirectory, entry.name);
        const root = path.join(left, 'root');
        if (entry.isDirectory()) await quietly('unmount a left build root', () => mounter.unmount(root))();
        await quietly('remove a left build directory', () => removeTree(left))();
      }
      await quietly('finish removals of cache mounts', () => cacheMounts.restore())();
      for (const name of fs.readdirSync(parts.runDirectory)) {
        fs.rmSync(path.join(parts.runDirectory, name), { force: true });
      }
    },
    prune: (options) => pruneCache({ cache, cacheMounts, collector }, options),
    cache: () => cache.list(),
  };
}
