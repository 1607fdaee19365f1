import type { RootMounter } from '#engine/containers/parts.ts';
import { hasCode } from '#sys/libc.ts';
import { unmountDetach, unmountDetachInBackground } from '#sys/mount.ts';
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
};

function ignoreNotMounted(error: unknown): void {
  // EINVAL: not mounted; ENOENT: never started.
  if (!hasCode(error, 'EINVAL', 'ENOENT')) throw error;
}
