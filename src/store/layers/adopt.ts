import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { quietly } from '#errors/quietly.ts';
import { type Digest, parseDigest } from '#image/digest.ts';
import { placesOf } from '#store/layers/places.ts';
import type { UnpackParts } from '#store/layers/unpack.ts';

/** See `LayerStore.adopt`. A layer with the same content may be there already; it stays, and the directory goes. */
export async function adoptDirectory(
  parts: UnpackParts,
  upperDirectory: string,
  { latestSeconds, signal }: { latestSeconds?: number; signal: AbortSignal },
): Promise<{ diffId: Digest; sizeBytes: number }> {
  const { directory, table, workers, note } = parts;
  await using undo = new AsyncDisposableStack();
  const unfinished = path.join(directory, `new-${randomUUID()}`);
  using _claim = parts.claim(unfinished);
  const { files, record } = placesOf(unfinished);
  undo.defer(quietly('remove an unfinished layer', () => workers.removeTree(unfinished)));
  fs.mkdirSync(unfinished);
  fs.renameSync(upperDirectory, files);
  const limit = latestSeconds === undefined ? {} : { latestSeconds };
  const sealed = await workers.seal(files, { ...record, ...limit }, signal);
  const diffId = parseDigest(`sha256:${sealed.sha256}`);
  const { contentBytes: sizeBytes, archiveBytes: tarBytes, opaqueRoot } = sealed;
  // No await between the look and the row: two builds may have made the same layer.
  if (table.find(diffId) === undefined) {
    table.add({ diffId, sizeBytes, tarBytes, opaqueRoot }, (id) =>
      fs.renameSync(unfinished, path.join(directory, String(id))),
    );
    undo.move();
  }
  note(diffId);
  return { diffId, sizeBytes };
}
