import { dropUndefined } from '#compose/drop-undefined.ts';
import { parseDuration } from '#compose/model/decode.ts';
import type { Service } from '#compose/model/service.ts';
import { DhowError } from '#errors/error.ts';
import type { HealthConfig } from '#wire/container-config.ts';
import type { DeviceMapping, HostConfig, Resources, RestartPolicy, Ulimit } from '#wire/host-config.ts';

/** The limits of a service, those under `deploy` first. */
export function resourcesOf(service: Service): Resources {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const cpus = limits?.cpus ?? service.cpus;
  return dropUndefined({
    CpuPeriod: numberOf(service.cpu_period),
    CpuQuota: numberOf(service.cpu_quota),
    CpuShares: service.cpu_shares,
    CpusetCpus: service.cpuset,
    CgroupParent: service.cgroup_parent,
    Devices: service.devices?.map(readDevice),
    DeviceCgroupRules: service.device_cgroup_rules,
    Init: service.init,
    Memory: numberOf(limits?.memory ?? service.mem_limit),
    MemoryReservation: numberOf(reservations?.memory ?? service.mem_reservation),
    MemorySwap: numberOf(service.memswap_limit),
    MemorySwappiness: service.mem_swappiness,
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    OomKillDisable: service.oom_kill_disable,
    PidsLimit: limits?.pids ?? service.pids_limit,
    Ulimits: service.ulimits === undefined ? undefined : Object.entries(service.ulimits).map(readUlimit),
  });
}

function readUlimit([name, limit]: [string, number | { soft?: number; hard?: number }]): Ulimit {
  if (typeof limit === 'number') return { Name: name, Soft: limit, Hard: limit };
  const { soft, hard } = limit;
  if (soft === undefined || hard === undefined) {
    throw new DhowError('InvalidParameter', `ulimit ${name} needs both soft and hard`);
  }
  return { Name: name, Soft: soft, Hard: hard };
}

/** `HOST[:CONTAINER[:rwm]]` */
function readDevice(text: string): DeviceMapping {
  const [host = '', second, third] = text.split(':');
  const mode = third ?? (second !== undefined && /^[rwm]{1,3}$/.test(second) ? second : undefined);
  if (!host.startsWith('/') || (mode !== undefined && !/^[rwm]{1,3}$/.test(mode))) {
    throw new DhowError(
      'InvalidParameter',
      `device "${text}" is not of the form /dev/HOST[:/dev/CONTAINER[:rwm]]`,
    );
  }
  const container = second === undefined || second === mode ? host : second;
  return { PathOnHost: host, PathInContainer: container, CgroupPermissions: mode ?? 'rwm' };
}

/** `restart` wins over `deploy.restart_policy`. */
export function restartPolicyOf(service: Service): RestartPolicy | undefined {
  const { restart, deploy } = service;
  if (restart !== undefined) {
    const [name = '', count] = restart.split(':');
    const isCount = count === undefined || (name === 'on-failure' && /^\d{1,9}$/.test(count));
    if (!['no', 'always', 'unless-stopped', 'on-failure'].includes(name) || !isCount) {
      throw new DhowError(
        'InvalidParameter',
        `restart: "${restart}" is none of no, always, unless-stopped, on-failure[:COUNT]`,
      );
    }
    return { Name: name, MaximumRetryCount: Number(count ?? 0) };
  }
  const { condition = 'any', max_attempts: attempts = 0 } = deploy?.restart_policy ?? {};
  if (deploy?.restart_policy === undefined) return undefined;
  const names = { none: 'no', 'on-failure': 'on-failure', any: 'always' } as const;
  return { Name: names[condition], MaximumRetryCount: condition === 'on-failure' ? attempts : 0 };
}

export function healthOf(check: Service['healthcheck']): HealthConfig | undefined {
  if (check === undefined) return undefined;
  if (check.disable === true) return { Test: ['NONE'] };
  return dropUndefined({
    Test: check.test,
    Interval: nanoseconds(check.interval),
    Timeout: nanoseconds(check.timeout),
    StartPeriod: nanoseconds(check.start_period),
    StartInterval: nanoseconds(check.start_interval),
    Retries: check.retries,
  });
}

/** `name=path` is read by Docker's CLI; here the profile must be given by value. */
export function securityOptionsOf(options: readonly string[]): HostConfig['SecurityOpt'] {
  return options.map((option) => {
    const written = option.replace(/^([a-z-]+):/, '$1=');
    const profile = /^seccomp=(.*)$/s.exec(written)?.[1];
    if (profile !== undefined && !/^(unconfined|builtin|\{.*)$/s.test(profile)) {
      throw new DhowError(
        'Unsupported',
        `security_opt: a seccomp profile from a file ("${profile}") is not supported yet; write the profile itself`,
      );
    }
    return written;
  });
}

/** Whole seconds, rounded up. */
export function secondsOf(duration: string): number {
  return Math.ceil((parseDuration(duration) ?? 0) / 1e9);
}

function nanoseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
