import os from 'node:os';
import path from 'node:path';
import { createArchiveWorkers } from '#archive/workers.ts';
import { workerUrls } from '#daemon/build-facts.ts';
import type { DaemonConfig } from '#daemon/config.ts';
import type { DataRoot } from '#daemon/data-root.ts';
import { requireKnownSchema } from '#daemon/known-schema.ts';
import { migrations } from '#daemon/migrations.ts';
import { messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { Log } from '#log/log.ts';
import { createCollector } from '#store/collector.ts';
import { createContentStore } from '#store/content.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { createImageStore } from '#store/images.ts';
import { createLayerBlobs } from '#store/layer-blobs.ts';
import { createLayerStore } from '#store/layers.ts';
import { createLeases } from '#store/leases.ts';

export type OpenStore = ReturnType<typeof openStore>;

/**
 * Opens what the data root holds.
 * @param undo is given what closes it again
 */
export function openStore(
  root: DataRoot,
  config: Pick<DaemonConfig, 'dataRoot' | 'keepUnfinishedMs'>,
  log: Log,
  undo: AsyncDisposableStack,
) {
  requireKnownSchema(root.database, migrations);
  const database = openDatabase(root.database, migrations);
  undo.defer(quietly('close database', () => database.close()));
  undo.defer(quietly('copy database', () => database.snapshot()));
  const orphans = tellOrigin(database, config.dataRoot, log);
  const workers = createArchiveWorkers({ workerUrl: workerUrls.archive, count: os.availableParallelism() });
  undo.defer(quietly('end archive workers', async () => workers[Symbol.asyncDispose]()));
  const leases = createLeases();
  const content = createContentStore(root.content, leases.note);
  const layers = createLayerStore({
    database,
    directory: root.layers,
    workers,
    note: leases.note,
    ...(orphans === undefined ? {} : { orphansDirectory: path.join(orphans, 'layers') }),
    onBackgroundError: (step, error) => log.error('layer store', { step, error: messageOf(error) }),
  });
  const images = createImageStore(database);
  for (const image of images.removeIncomplete()) log.warn('incomplete image removed', { image });
  const layerBlobs = createLayerBlobs(database);
  const collector = createCollector({
    ...{ database, content, layers, leases },
    keepUnfinishedMs: config.keepUnfinishedMs,
  });
  return { database, workers, content, layers, images, layerBlobs, collector, orphans };
}

/**
 * Tells how a database was made anew.
 * @returns where things go whose rows may have been lost; undefined when none can have been
 */
function tellOrigin({ origin }: Database, dataRoot: string, log: Log): string | undefined {
  if (origin === 'kept') return undefined;
  const orphans = path.join(dataRoot, 'orphans', new Date().toISOString().replaceAll(/[:.]/g, '-'));
  if (origin === 'new') return orphans;
  const { problems, setAside, snapshotTime, tables } = origin;
  const snapshot = snapshotTime?.toISOString();
  log.error('database-rescued', { problem: problems[0], setAside, snapshot, orphans });
  for (const { name: table, ...rows } of tables) log.error('rows-rescued', { table, ...rows });
  return orphans;
}
