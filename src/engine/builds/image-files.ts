import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import type { ImageFiles } from '#engine/builds.ts';
import type { RootMounter } from '#engine/containers/parts.ts';
import { quietly } from '#errors/quietly.ts';
import type { ImageRecord } from '#store/images.ts';
import type { LayerStore } from '#store/layers.ts';

export interface ImageFilesParts {
  layers: Pick<LayerStore, 'readonlyMount'>;
  workers: Pick<ArchiveWorkers, 'pack'>;
  roots: Pick<RootMounter, 'mountReadonly' | 'unmount'>;
  /** The builder's: what a killed daemon leaves in it is unmounted and removed by the next one. */
  directory: string;
}

/** See `BuildService.withFiles`. */
export async function withImageFiles<T>(
  { layers, workers, roots, directory }: ImageFilesParts,
  image: ImageRecord,
  use: (files: ImageFiles) => Promise<T>,
): Promise<T> {
  const place = path.join(directory, randomUUID());
  const root = path.join(place, 'root');
  const lowers = layers.readonlyMount(image.config.rootfs.diff_ids);
  await using undo = new AsyncDisposableStack();
  fs.mkdirSync(root, { recursive: true, mode: 0o700 });
  undo.defer(quietly('remove a mount point', () => fs.rmSync(place, { recursive: true })));
  roots.mountReadonly(lowers, root);
  undo.defer(quietly('unmount the files of an image', () => roots.unmount(root)));
  return await use({
    root,
    archive: (signal) => workers.pack(root, { whiteouts: 'literal', path: '.', name: '' }, signal),
  });
}
