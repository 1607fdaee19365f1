import fs from 'node:fs';
import { DirectoryCache } from '#archive/unpack/directory-cache.ts';
import { cleanPath, splitPath } from '#archive/unpack/entry-path.ts';
import { makeFilesAs } from '#sys/file-ids.ts';
import { closeFd, makeDirectoryAt, openAt } from '#sys/file-tree.ts';
import { type IdMapping, rootOutside } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';
import { bindMount, makeMountsPrivate } from '#sys/mount.ts';
import { leaveMountNamespace } from '#sys/namespaces.ts';
import { O_PATH, openInRoot, openRoot } from '#sys/open-in-root.ts';
import { mountOverlay, type OverlayMount } from '#sys/overlay.ts';

const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;

/** What a thread mounts to see a container's files as the container does. */
export interface ViewMounts {
  /** A directory of the daemon's. */
  root: string;
  /** To be mounted on `root`; absent when that is mounted already. */
  overlay?: OverlayMount;
  /** Of the container's user namespace, if it has its own. */
  mapping?: IdMapping;
  /** Volumes and bind mounts, shallow targets first. A target is a path below the root. */
  binds: readonly { source: string; target: string; readonly: boolean }[];
}

/**
 * Mounts in a namespace of this thread alone, so that nothing can be left over. Targets are a stranger's paths: they are resolved
 * inside the root. One that is not there, as in a container that never started, is made, as a start would.
 * @throws SystemError
 */
export function enterView({ root, overlay, mapping, binds }: ViewMounts): void {
  leaveMountNamespace();
  makeMountsPrivate();
  // Overlayfs goes on with who has mounted it.
  if (mapping !== undefined) makeFilesAs(rootOutside(mapping));
  if (overlay !== undefined) mountOverlay(overlay, root);
  const rootFd = openRoot(root);
  try {
    for (const { source, target, readonly } of binds) bindInRoot(rootFd, source, target, readonly);
  } finally {
    fs.closeSync(rootFd);
  }
}

function bindInRoot(rootFd: number, source: string, target: string, readonly: boolean): void {
  const fd = openOrMake(rootFd, target, fs.statSync(source).isDirectory());
  try {
    // The link is read in this thread's namespace; a remount needs the path, as the descriptor shows what is below.
    const path = fs.readlinkSync(`/proc/thread-self/fd/${fd}`);
    bindMount(source, path, readonly);
  } finally {
    closeFd(fd);
  }
}

function openOrMake(rootFd: number, target: string, isDirectory: boolean): number {
  try {
    return openInRoot(rootFd, target, O_PATH);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const { parent, name } = splitPath(cleanPath(Buffer.from(target).toString('latin1')));
  using directories = new DirectoryCache(rootFd, false);
  const parentFd = directories.open(parent);
  if (isDirectory) makeDirectoryAt(parentFd, name, 0o755);
  else closeFd(openAt(parentFd, name, O_WRONLY | O_CREAT | O_EXCL, 0o644));
  return openInRoot(rootFd, target, O_PATH);
}
