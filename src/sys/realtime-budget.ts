import fs from 'node:fs';
import path from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import { readCgroupFeatures } from '#sys/cgroup-features.ts';

/** Time on a processor for real-time threads in each period, in microseconds; 0 leaves the kernel's value. */
export interface RealtimeBudget {
  periodUs: number;
  runtimeUs: number;
}

/** @throws Unsupported in Docker's words for a budget that this kernel has no groups for */
export function requireRealtime(hierarchies: CgroupHierarchies, budget: RealtimeBudget): void {
  if (isNothing(budget)) return;
  const what = 'daemon-scoped cpu-rt-period and cpu-rt-runtime are not';
  if (hierarchies.version === 2) throw new DhowError('Unsupported', `${what} implemented for cgroup v2`);
  if (!readCgroupFeatures(hierarchies).cpuRealtime)
    throw new DhowError('Unsupported', `${what} supported by the kernel`);
}

/**
 * Gives the budget to a control group and to all above it but the root: a group can have no more than the one that holds it, and a new one has
 * nothing (Linux, Documentation/scheduler/sched-rt-group.rst). Version 1 only. Groups that are missing are made.
 * @throws InvalidParameter when the kernel does not grant it
 */
export function grantRealtime(
  { mounts }: CgroupHierarchies,
  cgroupPath: string,
  budget: RealtimeBudget,
): void {
  const root = mounts.find(({ controllers }) => controllers.includes('cpu'))?.directory;
  if (root === undefined || isNothing(budget)) return;
  const { periodUs, runtimeUs } = budget;
  let group = root;
  for (const name of cgroupPath.split('/').filter(Boolean)) {
    group = path.join(group, name);
    fs.mkdirSync(group, { recursive: true });
    if (periodUs !== 0) writeLimit(path.join(group, 'cpu.rt_period_us'), periodUs);
    if (runtimeUs !== 0) writeLimit(path.join(group, 'cpu.rt_runtime_us'), runtimeUs);
  }
}

function isNothing({ periodUs, runtimeUs }: RealtimeBudget): boolean {
  return periodUs === 0 && runtimeUs === 0;
}

function writeLimit(file: string, microseconds: number): void {
  try {
    fs.writeFileSync(file, String(microseconds), { flag: 'r+' });
  } catch (error) {
    throw new DhowError(
      'InvalidParameter',
      `the kernel does not grant ${microseconds} to ${file}; the groups beside it and above it decide how much is left: ${messageOf(error)}`,
    );
  }
}
