import { mountByDescriptor } from '#sys/overlay/by-descriptor.ts';
import { mountByPage } from '#sys/overlay/by-page.ts';

/** An overlayfs mount as a value (Documentation/filesystems/overlayfs.rst). */
export interface OverlayMount {
  /** Top-most first. */
  lowerDirectories: readonly string[];
  upperDirectory: string;
  /** On the same file system as `upperDirectory`. */
  workDirectory: string;
}

/**
 * Mounts an overlay on `target`, a directory that the daemon made. Uses the mount API of Linux 5.2 with overlayfs's
 * `lowerdir+` of Linux 6.5, which takes any number of layers up to the kernel's 500, and else mount(2), where all
 * paths must fit one page.
 * @throws SystemError; E2BIG when an older kernel cannot take that many layers
 */
export function mountOverlay(overlay: OverlayMount, target: string): void {
  if (!mountByDescriptor(overlay, target)) mountByPage(overlay, target);
}
