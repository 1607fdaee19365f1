import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import type { BytePath } from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';
import { unmountDetach } from '#sys/mount.ts';
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
 * @throws SystemError; E2BIG when an older kernel cannot take that many layers; ResourceExhausted on a full disk, where overlayfs would
 * come without a word as one that cannot be written to
 */
export function mountOverlay(overlay: OverlayMount, target: string): void {
  mount(overlay, target);
  if (overlay.upperDirectory === undefined || isWritable(target) || !isWritable(overlay.upperDirectory))
    return;
  unmountDetach(target);
  // There may be space again. And what has filled a limit of its own is mounted all the same, to be looked at: only the disk is none.
  if (hasSpace(overlay.lowerDirectories)) mount(overlay, target);
  else throw new DhowError('ResourceExhausted', `cannot mount ${target}: no space left on device`);
}

/** Less is gone before it can be used. */
const leastBytes = 1024 * 1024;

/** Looked at from the layers, to which the limits of a container do not apply. */
function hasSpace([layer]: readonly string[]): boolean {
  if (layer === undefined) return false;
  const { bavail, bsize } = fs.statfsSync(layer);
  return bavail * bsize >= leastBytes;
}

function isWritable(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK);
    return true;
  } catch (error) {
    if (hasCode(error, 'EROFS')) return false;
    throw error;
  }
}

function mount(overlay: OverlayMount, target: string): void {
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
