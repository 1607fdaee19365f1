import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import type { LayerTable } from '#store/layers/layer-table.ts';
import { placesOf } from '#store/layers/places.ts';

export interface UnpackParts {
  directory: string;
  table: LayerTable;
  workers: ArchiveWorkers;
}

/** Unpacks a layer under a private name and makes it visible by one rename and one row, both or neither. */
export async function unpackInto(
  { directory, table, workers }: UnpackParts,
  diffId: Digest,
  source: AsyncIterable<Uint8Array>,
  { onProgress, signal }: { onProgress: (sourceBytes: number) => void; signal: AbortSignal },
): Promise<number> {
  await using undo = new AsyncDisposableStack();
  const unfinished = path.join(directory, `new-${randomUUID()}`);
  const { files, record } = placesOf(unfinished);
  undo.defer(quietly('remove an unfinished layer', () => workers.removeTree(unfinished)));
  fs.mkdirSync(files, { recursive: true });
  // For archives that do not have the root itself; the daemon's umask has no say in it.
  fs.chmodSync(files, 0o755);

  const unpacked = await workers.unpack(files, source, {
    whiteouts: 'overlay',
    record,
    onProgress,
    signal,
  });
  if (unpacked.sha256 !== hexOf(diffId)) {
    throw new DhowError(
      'DataLoss',
      `the layer received unpacks to sha256:${unpacked.sha256}, but ${diffId} was expected`,
    );
  }
  const { contentBytes: sizeBytes, archiveBytes: tarBytes, opaqueRoot } = unpacked;
  table.add({ diffId, sizeBytes, tarBytes, opaqueRoot }, (id) =>
    fs.renameSync(unfinished, path.join(directory, String(id))),
  );
  undo.move();
  return unpacked.contentBytes;
}
