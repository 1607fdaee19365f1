import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { quietly } from '#errors/quietly.ts';
import { type Digest, parseDigest } from '#image/digest.ts';
import { placesOf } from '#store/layers/places.ts';
import type { UnpackParts } from '#store/layers/unpack.ts';

/** See `LayerStore.add`. A layer with the same content may be there already; it stays, and what was unpacked goes. */
export async function addLayer(
  parts: UnpackParts,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<{ diffId: Digest; sizeBytes: number }> {
  const { directory, table, workers, note } = parts;
  await using undo = new AsyncDisposableStack();
  const unfinished = path.join(directory, `new-${randomUUID()}`);
  using _claim = parts.claim(unfinished);
  const { files, record } = placesOf(unfinished);
  undo.defer(quietly('remove an unfinished layer', () => workers.removeTree(unfinished)));
  fs.mkdirSync(files, { recursive: true });
  fs.chmodSync(files, 0o755);
  const unpacked = await workers.unpack(files, source, { whiteouts: 'overlay', record, signal });
  const diffId = parseDigest(`sha256:${unpacked.sha256}`);
  const { contentBytes: sizeBytes, archiveBytes: tarBytes, opaqueRoot } = unpacked;
  // No await between the look and the row: somebody else may have brought the same layer.
  if (table.find(diffId) === undefined) {
    table.add({ diffId, sizeBytes, tarBytes, opaqueRoot }, (id) =>
      fs.renameSync(unfinished, path.join(directory, String(id))),
    );
    undo.move();
  }
  note(diffId);
  return { diffId, sizeBytes };
}
