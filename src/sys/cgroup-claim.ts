import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CgroupHierarchies, CgroupMount } from '#sys/cgroup.ts';
import { hasCode } from '#sys/libc.ts';
import { createMount, openFilesystem, setFlag } from '#sys/mount-api.ts';

/**
 * Controllers that are at present on the version 2 hierarchy of a hybrid host; crun refuses to work while there are any.
 * Empty on a host that is all version 1 or all version 2.
 */
export function unifiedControllers(hierarchies: CgroupHierarchies): string[] {
  const unified = hybridHierarchy(hierarchies);
  return unified ? readWords(path.join(unified.directory, 'cgroup.controllers')) : [];
}

/**
 * What has to be claimed so that the version 2 hierarchy of a hybrid host has no controllers for good: those that it has, and those of a
 * version 1 hierarchy that is mounted nowhere, which is about to end (the claim of an earlier daemon is one) and would give them back.
 */
export function leftoverControllers(hierarchies: CgroupHierarchies): string[] {
  if (!hybridHierarchy(hierarchies)) return [];
  const mounted = new Set(hierarchies.mounts.flatMap((mount) => mount.controllers));
  const ending = parseOwnControllers(fs.readFileSync('/proc/self/cgroup', 'utf8')).filter(
    (controller) => !mounted.has(controller),
  );
  return [...new Set([...unifiedControllers(hierarchies), ...ending])];
}

function hybridHierarchy({ version, mounts }: CgroupHierarchies): CgroupMount | undefined {
  return version === 1 ? mounts.find((mount) => mount.unified) : undefined;
}

/** cgroups(7): lines of `hierarchy:controllers:path`; named hierarchies and version 2 have no controllers. */
export function parseOwnControllers(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => line.split(':')[1]?.split(',') ?? [])
    .filter((controller) => controller !== '' && !controller.includes('='));
}

/** Whether taking the left-over controllers away disturbs nobody: no group of the version 2 hierarchy uses one. */
export function leftoversAreUnused(hierarchies: CgroupHierarchies): boolean {
  const unified = hierarchies.mounts.find((mount) => mount.unified);
  return !unified || readWords(path.join(unified.directory, 'cgroup.subtree_control')).length === 0;
}

/**
 * Holds left-over controllers on version 1 hierarchies, by mounts that are only descriptors: nothing appears in the host's file tree, and
 * when this process ends the kernel puts the controllers back. What another process is giving back is waited for shortly.
 * @throws SystemError when the kernel refuses
 */
export async function claimControllers(controllers: readonly string[]): Promise<Disposable> {
  const held: number[] = [];
  const release = () => {
    for (const fd of held.splice(0)) fs.closeSync(fd);
  };
  try {
    for (const controller of controllers) held.push(await claimWhenFree(controller));
  } catch (error) {
    release();
    throw error;
  }
  return { [Symbol.dispose]: release };
}

/** A hierarchy that ends takes the kernel a few milliseconds, in which its controllers are nowhere to be had. */
const patienceMs = 1000;
const pollMs = 2;

async function claimWhenFree(controller: string): Promise<number> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return claim(controller);
    } catch (error) {
      if (!hasCode(error, 'EBUSY') || Date.now() > deadline) throw error;
      await delay(pollMs);
    }
  }
}

function claim(controller: string): number {
  const context = openFilesystem('cgroup');
  try {
    setFlag(context, controller);
    return createMount(context);
  } finally {
    fs.closeSync(context);
  }
}

function readWords(file: string): string[] {
  try {
    return fs.readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
