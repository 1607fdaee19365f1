import fs from 'node:fs';
import type { RootMounter } from '#engine/containers/parts.ts';
import { hasCode } from '#sys/libc.ts';
import { bindMount, unmountDetach, unmountDetachInBackground } from '#sys/mount.ts';
import { mountPointsUnder } from '#sys/mount-table.ts';
import { O_PATH, openInRoot, openRoot } from '#sys/open-in-root.ts';
import { mountOverlay } from '#sys/overlay.ts';

/** Containers' roots on overlayfs. */
export const overlayRoots: RootMounter = {
  mount: (root, target) => mountOverlay(root, target),
  unmount(target) {
    try {
      unmountDetach(target);
    } catch (error) {
      ignoreNotMounted(error);
    }
  },
  unmountInBackground: (target) => unmountDetachInBackground(target).catch(ignoreNotMounted),
  mountReadonly(lowerDirectories, target) {
    const [only, ...others] = lowerDirectories;
    // Overlayfs wants two of them.
    if (only !== undefined && others.length === 0) bindMount(only, target, true);
    else mountOverlay({ lowerDirectories }, target);
  },
  bindInside,
  async unmountBelow(directory) {
    if (!fs.existsSync(directory)) return;
    for (const place of mountPointsUnder(directory).reverse()) await unmountDetachInBackground(place);
  },
};

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
