import type { BytePath } from '#sys/file-tree.ts';
import { mountByDescriptor } from '#sys/overlay/by-descriptor.ts';
import { mountByPage } from '#sys/overlay/by-page.ts';
import { getXattr } from '#sys/xattr.ts';

/** An overlayfs mount as a value (Documentation/filesystems/overlayfs.rst). */
export interface OverlayMount {
  /** Top-most first. */
  lowerDirectories: readonly string[];
  /** Absent: nothing can be written, and there must be two lower directories at least. */
  upperDirectory?: string;
  /** On the same file system as `upperDirectory`, and there with it. */
  workDirectory?: string;
}

/**
 * Mounts an overlay on `target`, a directory that the daemon made. Uses the mount API of Linux 5.2 with overlayfs's
 * `lowerdir+` of Linux 6.5, which takes any number of layers up to the kernel's 500, and else mount(2), where all
 * paths must fit one page.
 * @throws SystemError; E2BIG when an older kernel cannot take that many layers
 */
export function mountOverlay(overlay: OverlayMount, target: string): void {
  if (takesLayersOneByOne && mountByDescriptor(overlay, target)) return;
  mountByPage(overlay, target);
  // An older kernel would write each attempt into its log.
  takesLayersOneByOne = false;
}

let takesLayersOneByOne = true;

/** Whether a directory of a layer shows nothing of the layers below (overlayfs.rst, "whiteouts and opaque directories"). */
export function isOpaqueAt(parentFd: number, name: BytePath): boolean {
  return getXattr(`/proc/self/fd/${parentFd}/${name}`, 'trusted.overlay.opaque')?.toString() === 'y';
}
