import { DhowError } from '#errors/error.ts';
import type { ResourceSettings } from '#runtime/spec.ts';
import type { CgroupFeatures } from '#sys/cgroup-features.ts';

interface Requirement {
  feature: Exclude<keyof CgroupFeatures, 'cpuRealtime' | 'cpus' | 'memoryNodes'>;
  limits: readonly (keyof ResourceSettings)[];
  /** In Docker's words. */
  warning: string;
}

const requirements: readonly Requirement[] = [
  {
    feature: 'memory',
    limits: ['memoryBytes', 'memorySwapBytes'],
    warning:
      'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  },
  {
    feature: 'swappiness',
    limits: ['memorySwappiness'],
    warning:
      'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
  },
  {
    feature: 'memoryReservation',
    limits: ['memoryReservationBytes'],
    warning:
      'Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.',
  },
  {
    feature: 'oomKillDisable',
    limits: ['oomKillDisable'],
    warning: 'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
  },
  {
    feature: 'pids',
    limits: ['pidsLimit'],
    warning:
      'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
  },
  {
    feature: 'cpuShares',
    limits: ['cpuShares'],
    warning: 'Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.',
  },
  {
    feature: 'cpuQuota',
    limits: ['cpuPeriodUs', 'cpuQuotaUs'],
    warning: 'Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.',
  },
  {
    feature: 'cpuset',
    limits: ['cpusetCpus', 'cpusetMems'],
    warning: 'Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.',
  },
  {
    feature: 'blkioWeight',
    limits: ['blkioWeight'],
    warning: 'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
  },
  {
    feature: 'blkioWeightDevice',
    limits: ['blkioWeightDevices'],
    warning:
      'Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.',
  },
  {
    feature: 'blkioThrottle',
    limits: ['blkioThrottles'],
    warning:
      'Your kernel does not support Block I/O limits of bytes or operations or the cgroup is not mounted. Block I/O limits discarded.',
  },
];

/**
 * Leaves out the limits that this kernel does not enforce, with a warning for each, as Docker does.
 * @throws InvalidParameter in Docker's words for processors or memory nodes that are not there, or real-time limits that the kernel has not
 */
export function fitLimits<Limits extends Partial<ResourceSettings>>(
  wanted: Limits,
  readFeatures: () => CgroupFeatures,
): { limits: Limits; warnings: string[] } {
  const limits = { ...wanted };
  const warnings: string[] = [];
  // Most containers have none, and need not wait for a look at the kernel's files.
  if (Object.keys(wanted).every((name) => name === 'deviceCgroupRules')) return { limits, warnings };
  const features = readFeatures();
  const realtime = limits.cpuRealtimePeriodUs ?? limits.cpuRealtimeRuntimeUs;
  if (realtime !== undefined && !features.cpuRealtime) {
    throw new DhowError('InvalidParameter', 'kernel does not support CPU real-time scheduler');
  }
  for (const requirement of requirements) {
    const asked = requirement.limits.filter((name) => limits[name] !== undefined);
    if (features[requirement.feature] || asked.length === 0) continue;
    for (const name of asked) delete limits[name];
    warnings.push(requirement.warning);
  }
  if (limits.memoryBytes !== undefined && !features.swap && limits.memorySwapBytes !== -1) {
    limits.memorySwapBytes = -1;
    warnings.push(
      'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
    );
  }
  if (limits.oomKillDisable && limits.memoryBytes === undefined) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  requireAvailable('CPUs', limits.cpusetCpus, features.cpus);
  requireAvailable('memory nodes', limits.cpusetMems, features.memoryNodes);
  return { limits, warnings };
}

function requireAvailable(what: string, wanted: string | undefined, available: string): void {
  if (!wanted || rangesOf(wanted).every((range) => rangesOf(available).some((one) => holds(one, range))))
    return;
  throw new DhowError(
    'InvalidParameter',
    `Requested ${what} are not available - requested ${wanted}, available: ${available}`,
  );
}

type Range = readonly [first: number, last: number];

function holds([first, last]: Range, inner: Range): boolean {
  return first <= inner[0] && inner[1] <= last;
}

/** Of a list such as `0-3,7` (cpuset(7), "List format"). */
function rangesOf(list: string): Range[] {
  return list.split(',').map((text) => {
    const [first = '', last = first] = text.split('-');
    return [Number(first), Number(last)];
  });
}
