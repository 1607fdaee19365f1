import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import type { LayerRow, LayerTable } from '#store/layers/layer-table.ts';
import { placesOf } from '#store/layers/places.ts';
import { swapIn } from '#store/layers/verify.ts';
import type { Leases } from '#store/leases.ts';

export interface UnpackParts {
  directory: string;
  table: LayerTable;
  workers: ArchiveWorkers;
  note: Leases['note'];
  /** While held, a directory without a row is known to be under construction. */
  claim(unfinished: string): Disposable;
}

/**
 * Unpacks a layer under a private name and makes it visible by one rename and one row, both or neither.
 * @param damaged the row of a layer whose place the new one takes
 */
export async function unpackInto(
  parts: UnpackParts,
  diffId: Digest,
  source: AsyncIterable<Uint8Array>,
  options: { onProgress: (sourceBytes: number) => void; signal: AbortSignal; damaged?: LayerRow },
): Promise<number> {
  const { directory, table, workers, note } = parts;
  const { onProgress, signal, damaged } = options;
  await using undo = new AsyncDisposableStack();
  const unfinished = path.join(directory, `new-${randomUUID()}`);
  using _claim = parts.claim(unfinished);
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
  if (damaged === undefined) {
    table.add({ diffId, sizeBytes, tarBytes, opaqueRoot }, (id) =>
      fs.renameSync(unfinished, path.join(directory, String(id))),
    );
    note(diffId);
  } else {
    await swapIn(parts, { ...damaged, sizeBytes, tarBytes, opaqueRoot }, unfinished);
  }
  undo.move();
  return unpacked.contentBytes;
}
