import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { kindOf, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { hexOf } from '#image/digest.ts';
import type { LayerRow } from '#store/layers/layer-table.ts';
import { placesOf } from '#store/layers/places.ts';
import type { UnpackParts } from '#store/layers/unpack.ts';

/** What is wrong with a layer, in words, and whether the layer itself has all that is needed to mend it. */
export interface LayerDamage {
  detail: string;
  /** Only names, modes, owners, times or attributes differ: the tar can still be put together, so a fresh copy can be made. */
  isMetadataOnly: boolean;
}

/**
 * Puts the layer's tar together, checks its digest, unpacks it aside and compares: whatever was changed, added or taken away
 * shows. @param mend whether a fresh copy takes the layer's place when that can be made
 */
export async function verifyLayer(
  parts: UnpackParts,
  row: LayerRow,
  { mend, signal }: { mend: boolean; signal: AbortSignal },
): Promise<LayerDamage | undefined> {
  const { directory, workers } = parts;
  const own = placesOf(path.join(directory, String(row.id)));
  const beyond = (detail: string): LayerDamage => ({ detail, isMetadataOnly: false });
  if (!fs.existsSync(own.files)) return beyond('its files are gone');
  if (row.tarBytes === undefined || !fs.existsSync(own.record.file))
    return beyond('the record of its tar is gone');
  await using undo = new AsyncDisposableStack();
  const copy = path.join(directory, `new-${randomUUID()}`);
  using _claim = parts.claim(copy);
  undo.defer(quietly('remove a copy of a layer', () => workers.removeTree(copy)));
  const { files, record } = placesOf(copy);
  fs.mkdirSync(files, { recursive: true });
  fs.chmodSync(files, 0o755);
  const tar = workers.assemble({ directory: own.files, ...own.record }, hexOf(row.diffId), signal);
  let sizeBytes: number;
  try {
    ({ contentBytes: sizeBytes } = await workers.unpack(files, tar, {
      whiteouts: 'overlay',
      record,
      signal,
    }));
  } catch (error) {
    signal.throwIfAborted();
    if (kindOf(error) === 'ResourceExhausted') throw error;
    return beyond(messageOf(error));
  }
  const difference =
    (await workers.difference(own.files, files)) ??
    (sizeBytes === row.sizeBytes
      ? undefined
      : `its size is recorded as ${row.sizeBytes}, expected ${sizeBytes}`);
  if (difference === undefined) return undefined;
  if (mend) {
    await swapIn(parts, { ...row, sizeBytes }, copy);
    undo.move();
  }
  return { detail: difference, isMetadataOnly: true };
}

/** Puts a layer's new directory in the place of its old one, and its sizes into the row. */
export async function swapIn(
  { directory, table, workers }: UnpackParts,
  row: LayerRow,
  unfinished: string,
): Promise<void> {
  const place = path.join(directory, String(row.id));
  const away = path.join(directory, `removed-${row.id}-${randomUUID()}`);
  table.update(row, () => {
    if (fs.existsSync(place)) fs.renameSync(place, away);
    fs.renameSync(unfinished, place);
  });
  await workers.removeTree(away);
}
