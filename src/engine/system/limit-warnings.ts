import type { CgroupFeatures } from '#sys/cgroup-features.ts';

/** What Docker warns of in `info`, by what is missing: on both versions of control groups, or on one. */
const missing: [feature: keyof CgroupFeatures, text: string, version?: 1 | 2][] = [
  ['memory', 'memory limit'],
  ['swap', 'swap limit'],
  ['oomKillDisable', 'oom kill disable', 1],
  ['cpuQuota', 'cpu cfs quota'],
  ['cpuShares', 'cpu shares'],
  ['cpuset', 'cpuset'],
  ['pids', 'pids limit'],
  // Version 1 has not had it since Linux 5.0.
  ['blkioWeight', 'io.weight', 2],
  ['blkioThrottle', 'blkio throttle', 1],
  ['blkioThrottle', 'io.max', 2],
];

/** Lines for `info` about limits that the kernel does not enforce. */
export function limitWarnings(features: CgroupFeatures, cgroupVersion: 1 | 2): string[] {
  return missing
    .filter(([feature, , version = cgroupVersion]) => !features[feature] && version === cgroupVersion)
    .map(([, text]) => `WARNING: No ${text} support`);
}
