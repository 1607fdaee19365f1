import fs from 'node:fs';
import path from 'node:path';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import { hasCode } from '#sys/libc.ts';

/** What of a control group's limits this kernel enforces. */
export interface CgroupFeatures {
  memory: boolean;
  memoryReservation: boolean;
  swap: boolean;
  swappiness: boolean;
  oomKillDisable: boolean;
  cpuShares: boolean;
  cpuQuota: boolean;
  cpuRealtime: boolean;
  cpuset: boolean;
  pids: boolean;
  blkioWeight: boolean;
  blkioWeightDevice: boolean;
  blkioThrottle: boolean;
  /** Processors and memory nodes that a group can have, such as `0-3,7`; empty without `cpuset`. */
  cpus: string;
  memoryNodes: string;
}

/** Looks at the files of the controllers (Documentation/admin-guide/cgroup-v1, cgroup-v2.rst). */
export function readCgroupFeatures(hierarchies: CgroupHierarchies): CgroupFeatures {
  return hierarchies.version === 2 ? readUnified(hierarchies) : readSeparate(hierarchies);
}

function readUnified({ mounts }: CgroupHierarchies): CgroupFeatures {
  const root = mounts.find(({ unified }) => unified)?.directory;
  const controllers = new Set(readText(root, 'cgroup.controllers').split(' '));
  const handedDown = new Set(readText(root, 'cgroup.subtree_control').split(' '));
  const memory = controllers.has('memory');
  const io = controllers.has('io');
  // No group has the files of a controller that the root does not hand down, as a runtime lets it do with the first container.
  const weight = io && (!handedDown.has('io') || hasFile(root, ['io.weight', 'io.bfq.weight']));
  return {
    memory,
    memoryReservation: memory,
    swap: memory && (!handedDown.has('memory') || hasFile(root, ['memory.swap.max'])),
    // Version 2 leaves these to the kernel.
    swappiness: false,
    oomKillDisable: false,
    cpuRealtime: false,
    cpuShares: controllers.has('cpu'),
    cpuQuota: controllers.has('cpu'),
    cpuset: controllers.has('cpuset'),
    pids: controllers.has('pids'),
    blkioWeight: weight,
    blkioWeightDevice: weight,
    blkioThrottle: io,
    cpus: readText(root, 'cpuset.cpus.effective'),
    memoryNodes: readText(root, 'cpuset.mems.effective'),
  };
}

function readSeparate({ mounts }: CgroupHierarchies): CgroupFeatures {
  const [memory, cpu, cpuset, pids, blkio] = ['memory', 'cpu', 'cpuset', 'pids', 'blkio'].map(
    (controller) => mounts.find(({ controllers }) => controllers.includes(controller))?.directory,
  );
  return {
    memory: hasFile(memory, ['memory.limit_in_bytes']),
    memoryReservation: hasFile(memory, ['memory.soft_limit_in_bytes']),
    swap: hasFile(memory, ['memory.memsw.limit_in_bytes']),
    swappiness: hasFile(memory, ['memory.swappiness']),
    oomKillDisable: hasFile(memory, ['memory.oom_control']),
    cpuShares: hasFile(cpu, ['cpu.shares']),
    cpuQuota: hasFile(cpu, ['cpu.cfs_quota_us']),
    cpuRealtime: hasFile(cpu, ['cpu.rt_runtime_us']),
    cpuset: hasFile(cpuset, ['cpuset.cpus']),
    pids: pids !== undefined,
    blkioWeight: hasFile(blkio, ['blkio.weight']),
    blkioWeightDevice: hasFile(blkio, ['blkio.weight_device']),
    blkioThrottle: hasFile(blkio, ['blkio.throttle.read_bps_device']),
    cpus: readText(cpuset, 'cpuset.cpus'),
    memoryNodes: readText(cpuset, 'cpuset.mems'),
  };
}

/**
 * Whether groups of a hierarchy have one of these files. Many are not in its root; where there is no other group to look at, the kernel is
 * taken for one that has them.
 */
function hasFile(root: string | undefined, names: readonly string[]): boolean {
  if (root === undefined) return false;
  const has = (group: string) => names.some((name) => fs.existsSync(path.join(group, name)));
  if (has(root)) return true;
  const group = fs.readdirSync(root, { withFileTypes: true }).find((entry) => entry.isDirectory());
  return group === undefined || has(path.join(root, group.name));
}

function readText(directory: string | undefined, name: string): string {
  if (directory === undefined) return '';
  try {
    return fs.readFileSync(path.join(directory, name), 'utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}
