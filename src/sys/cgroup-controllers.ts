import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import { mount, unmountDetach } from '#sys/mount.ts';

/** What the unified hierarchy of a host with version 1 ("hybrid") looks like. */
export interface UnifiedState {
  /** Controllers that no version 1 hierarchy has taken. */
  controllers: string[];
  /** Controllers that are in use for groups below the root. */
  delegated: string[];
}

/** undefined when the host is not hybrid. */
export function readUnifiedState({ version, mounts }: CgroupHierarchies): UnifiedState | undefined {
  const unified = mounts.find((candidate) => candidate.unified);
  if (version !== 1 || !unified) return undefined;
  const words = (file: string) => {
    const text = fs.readFileSync(path.join(unified.directory, file), 'utf8').trim();
    return text === '' ? [] : text.split(/\s+/);
  };
  return { controllers: words('cgroup.controllers'), delegated: words('cgroup.subtree_control') };
}

/** Whether nobody uses the controllers that are left on the unified hierarchy, so that they may be taken from there. */
export function mayClaimControllers({ controllers, delegated }: UnifiedState): boolean {
  return controllers.length > 0 && delegated.length === 0;
}

/**
 * Takes controllers from the unified hierarchy by giving each a version 1 hierarchy. It is mounted only for a moment: an empty group in it
 * keeps the kernel from dissolving it again. crun before 1.9 takes a hybrid host with any controller on the unified hierarchy
 * for one of version 2 and fails; needed until it is gone.
 * @throws SystemError when the kernel refuses (a controller without version 1, or one in use)
 */
export function claimControllers(controllers: string[]): void {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-cgroup-'));
  try {
    for (const controller of controllers) {
      mount({ source: 'cgroup', target: directory, type: 'cgroup', data: controller });
      try {
        fs.mkdirSync(path.join(directory, 'dhow'), { recursive: true });
      } finally {
        unmountDetach(directory);
      }
    }
  } finally {
    fs.rmdirSync(directory);
  }
}
