import fs from 'node:fs';
import path from 'node:path';
import { type ArchiveWorkers, createArchiveWorkers } from '#archive/workers.ts';
import { type TarInput, tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import { type Digest, digestOf } from '#image/digest.ts';
import { createCollector } from '#store/collector.ts';
import { createContentStore } from '#store/content.ts';
import { openDatabase } from '#store/database.ts';
import { createImageStore } from '#store/images.ts';
import { createLayerUses } from '#store/layer-uses.ts';
import { createLayerStore } from '#store/layers.ts';
import { createLeases } from '#store/leases.ts';
import { storeMigrations } from '#store/migrations.ts';

export const never = new AbortController().signal;

export function createTestWorkers(): ArchiveWorkers {
  return createArchiveWorkers({
    workerUrl: new URL('../../archive/archive-worker.ts', import.meta.url),
    count: 2,
  });
}

/** All stores over one directory, as the daemon has them. */
export function openStores(directory: string, workers: ArchiveWorkers) {
  const database = openDatabase(path.join(directory, 'test.db'), storeMigrations);
  const leases = createLeases();
  const content = createContentStore(path.join(directory, 'content'), leases.note);
  const layers = createLayerStore({
    database,
    directory: path.join(directory, 'layers'),
    workers,
    note: leases.note,
    onBackgroundError: (step, error) => {
      throw new Error(step, { cause: error });
    },
  });
  const images = createImageStore(database);
  const collector = createCollector({
    database,
    content,
    layers,
    leases,
    keepUnfinishedMs: 7 * 24 * 3600 * 1000,
  });
  return {
    ...{ database, content, layers, images, collector, layerUses: createLayerUses(database) },
    async [Symbol.asyncDispose]() {
      await layers[Symbol.asyncDispose]();
      database.close();
    },
  };
}

export function makeScratch(): AsyncDisposable & { path: string } {
  const directory = fs.mkdtempSync('/tmp/store-test-');
  return {
    path: directory,
    [Symbol.asyncDispose]: () => fs.promises.rm(directory, { recursive: true, force: true }),
  };
}

export interface TestLayer {
  bytes: Buffer;
  diffId: Digest;
}

/** A layer with these files. */
export function makeLayer(files: Record<string, string>, more: readonly TarInput[] = []): TestLayer {
  const parts = Object.entries(files).map(([name, content]) => {
    const bytes = Buffer.from(content);
    const header = tarHeader({ type: 'file', name, mode: 0o644, sizeBytes: bytes.length });
    return Buffer.concat([header, bytes, tarPadding(bytes.length)]);
  });
  const bytes = Buffer.concat([...parts, ...more.map(tarHeader), tarTrailer()]);
  return { bytes, diffId: digestOf(bytes) };
}

export async function* sourceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
