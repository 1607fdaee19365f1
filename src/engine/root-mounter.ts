import fs from 'node:fs';
import path from 'node:path';
import type { RootMounter } from '#engine/containers/parts.ts';
import type { RootMount } from '#store/layers.ts';
import { mountIdmapped } from '#sys/detached-mount.ts';
import { withFileIds } from '#sys/file-ids.ts';
import { type IdMapping, rootOutside } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';
import { bindMount, unmountDetach, unmountDetachInBackground } from '#sys/mount.ts';
import { mountPointsUnder } from '#sys/mount-table.ts';
import { O_PATH, openInRoot, openRoot } from '#sys/open-in-root.ts';
import { mountOverlay, type OverlayMount } from '#sys/overlay.ts';
import { createUserNamespace } from '#sys/user-namespace.ts';

export interface OverlayRootPlaces {
  dataRoot: string;
  /**
   * Of the daemon alone, for an id-mapped mount of the data root for each mapping in use: on disk all ids are those of the images, so
   * that containers share the layers whatever their own ids are, and nothing need be changed when these change.
   */
  mappedDirectory: string;
}

export type OverlayRoots = RootMounter & Disposable;

/** Containers' roots on overlayfs. Disposing takes away what only this process needs; roots stay. */
export function createOverlayRoots({ dataRoot, mappedDirectory }: OverlayRootPlaces): OverlayRoots {
  const views = new Map<string, string>();
  removeViews(mappedDirectory);

  function mapped(file: string, mapping: IdMapping | undefined): string {
    if (mapping === undefined) return file;
    const inside = path.relative(dataRoot, file);
    return inside.startsWith('..') ? file : path.join(viewFor(mapping), inside);
  }

  function viewFor(mapping: IdMapping): string {
    const key = JSON.stringify(mapping);
    const known = views.get(key);
    if (known !== undefined) return known;
    // Whoever has one of these ids on the host passes where root alone does: only root gets as far as here.
    fs.mkdirSync(mappedDirectory, { recursive: true, mode: 0o700 });
    const place = path.join(mappedDirectory, String(views.size));
    fs.mkdirSync(place, { recursive: true });
    const { userFd, networkFd } = createUserNamespace(mapping);
    try {
      mountIdmapped(dataRoot, place, userFd);
    } finally {
      fs.closeSync(userFd);
      fs.closeSync(networkFd);
    }
    views.set(key, place);
    return place;
  }

  function mapRoot(root: RootMount, mapping: IdMapping | undefined): RootMount {
    return {
      ...root,
      lowerDirectories: root.lowerDirectories.map((lower) => mapped(lower, mapping)),
      upperDirectory: mapped(root.upperDirectory, mapping),
      workDirectory: mapped(root.workDirectory, mapping),
    };
  }

  return {
    mapped,
    mapRoot,
    mount: mountAs,
    unmount(target) {
      try {
        unmountDetach(target);
      } catch (error) {
        ignoreNotMounted(error);
      }
    },
    unmountInBackground: (target) => unmountDetachInBackground(target).catch(ignoreNotMounted),
    mountReadonly(lowerDirectories, target, mapping) {
      const lowers = lowerDirectories.map((lower) => mapped(lower, mapping));
      const [only, ...others] = lowers;
      // Overlayfs wants two of them.
      if (only !== undefined && others.length === 0) bindMount(only, target, true);
      else mountAs({ lowerDirectories: lowers }, target, mapping);
    },
    bindInside,
    async unmountBelow(directory) {
      if (!fs.existsSync(directory)) return;
      for (const place of mountPointsUnder(directory).reverse()) await unmountDetachInBackground(place);
    },
    [Symbol.dispose]: () => removeViews(mappedDirectory),
  };
}

/** Overlayfs goes on with the ids of who mounts it, which must be some that the mounts below have. */
function mountAs(overlay: OverlayMount, target: string, mapping?: IdMapping): void {
  if (mapping === undefined) mountOverlay(overlay, target);
  else withFileIds(rootOutside(mapping), () => mountOverlay(overlay, target));
}

function removeViews(directory: string): void {
  if (!fs.existsSync(directory)) return;
  for (const place of mountPointsUnder(fs.realpathSync(directory)).reverse()) unmountDetach(place);
  for (const name of fs.readdirSync(directory)) fs.rmdirSync(path.join(directory, name));
  fs.rmdirSync(directory);
}

function bindInside(directory: string, inside: string, target: string): void {
  const root = openRoot(directory);
  try {
    const fd = openInRoot(root, inside, O_PATH);
    try {
      if (fs.fstatSync(fd).isDirectory()) fs.mkdirSync(target, { recursive: true, mode: 0o700 });
      else fs.writeFileSync(target, '');
      bindMount(`/proc/self/fd/${fd}`, target, false);
    } finally {
      fs.closeSync(fd);
    }
  } finally {
    fs.closeSync(root);
  }
}

function ignoreNotMounted(error: unknown): void {
  // EINVAL: not mounted; ENOENT: never started.
  if (!hasCode(error, 'EINVAL', 'ENOENT')) throw error;
}
