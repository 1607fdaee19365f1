import { dropUndefined } from '#compose/drop-undefined.ts';
import { parseDuration } from '#compose/model/duration.ts';
import type { Service } from '#compose/model/service.ts';
import { DhowError } from '#errors/error.ts';
import type { HealthConfig } from '#wire/container-config.ts';
import type { DeviceRequest, Resources, RestartPolicy, Ulimit } from '#wire/host-config.ts';

/** The limits of a service, those under `deploy` first. Reserved CPUs and generic resources are for a swarm, which no container is in. */
export function resourcesOf(service: Service): Resources {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const cpus = limits?.cpus ?? service.cpus;
  const requests = deviceRequestsOf(service);
  return {
    ...blockLimitsOf(service.blkio_config),
    ...dropUndefined({
      CgroupParent: service.cgroup_parent,
      CpuCount: service.cpu_count,
      CpuPercent: service.cpu_percent === undefined ? undefined : Math.round(service.cpu_percent * 100),
      CpuPeriod: service.cpu_period,
      CpuQuota: service.cpu_quota,
      CpuRealtimePeriod: service.cpu_rt_period,
      CpuRealtimeRuntime: service.cpu_rt_runtime,
      CpuShares: service.cpu_shares,
      CpusetCpus: service.cpuset,
      DeviceCgroupRules: service.device_cgroup_rules,
      DeviceRequests: requests.length > 0 ? requests : undefined,
      Devices: service.devices
        ?.filter((device) => !isNamedByRuntime(device))
        .map(({ source = '', target = source, permissions = 'rwm' }) => ({
          PathOnHost: source,
          PathInContainer: target,
          CgroupPermissions: permissions,
        })),
      Init: service.init,
      Memory: numberOf(limits?.memory ?? service.mem_limit),
      MemoryReservation: numberOf(reservations?.memory ?? service.mem_reservation),
      MemorySwap: numberOf(service.memswap_limit),
      MemorySwappiness: numberOf(service.mem_swappiness),
      NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
      OomKillDisable: service.oom_kill_disable,
      PidsLimit: limits?.pids ?? service.pids_limit,
      Ulimits: service.ulimits === undefined ? undefined : Object.entries(service.ulimits).map(readUlimit),
    }),
  };
}

function blockLimitsOf(limits: Service['blkio_config']): Resources {
  const weights = limits?.weight_device?.map(({ path = '', weight = 0 }) => ({ Path: path, Weight: weight }));
  const rates = (list: { path?: string; rate?: string }[] | undefined) =>
    list?.map(({ path = '', rate = '0' }) => ({ Path: path, Rate: Number(rate) }));
  return dropUndefined({
    BlkioWeight: limits?.weight,
    BlkioWeightDevice: weights,
    BlkioDeviceReadBps: rates(limits?.device_read_bps),
    BlkioDeviceReadIOps: rates(limits?.device_read_iops),
    BlkioDeviceWriteBps: rates(limits?.device_write_bps),
    BlkioDeviceWriteIOps: rates(limits?.device_write_iops),
  });
}

type ServiceDevice = NonNullable<Service['devices']>[number];

/** A device of the Container Device Interface: `vendor.com/class=name`. */
function isNamedByRuntime({ source = '', target }: ServiceDevice): boolean {
  return source === target && /^[\w.-]+\/[\w.-]+=[\w.:-]+$/.test(source);
}

function deviceRequestsOf(service: Service): DeviceRequest[] {
  const named = (service.devices ?? []).filter(isNamedByRuntime).map(({ source = '' }) => source);
  const request = (
    { driver, count, device_ids: ids, options }: NonNullable<Service['gpus']>[number],
    capabilities: string[],
  ): DeviceRequest =>
    dropUndefined({
      Driver: driver,
      Count: count,
      DeviceIDs: ids,
      Capabilities: [capabilities],
      Options: options,
    });
  return [
    ...(service.deploy?.resources?.reservations?.devices ?? []).map((device) =>
      request(device, device.capabilities ?? []),
    ),
    ...(named.length > 0 ? [{ Driver: 'cdi', DeviceIDs: named }] : []),
    ...(service.gpus ?? []).map((device) => request(device, [...(device.capabilities ?? []), 'gpu'])),
  ];
}

/** @throws InvalidParameter */
export function readUlimit([name, limit]: [string, number | { soft?: number; hard?: number }]): Ulimit {
  if (typeof limit === 'number') return { Name: name, Soft: limit, Hard: limit };
  const { soft, hard } = limit;
  if (soft === undefined || hard === undefined) {
    throw new DhowError('InvalidParameter', `ulimit ${name} needs both soft and hard`);
  }
  return { Name: name, Soft: soft, Hard: hard };
}

/** `deploy.restart_policy` wins over `restart`, as with Docker Compose; its delay and window are for a swarm. */
export function restartPolicyOf({ restart, deploy }: Service): RestartPolicy | undefined {
  const policy = deploy?.restart_policy;
  if (policy !== undefined) {
    const condition = policy.condition ?? 'any';
    const name = restartNames.get(condition) ?? condition;
    return { Name: name, MaximumRetryCount: name === 'on-failure' ? (policy.max_attempts ?? 0) : 0 };
  }
  if (restart === undefined) return undefined;
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

/** What a swarm calls differently. */
const restartNames: ReadonlyMap<string, string> = new Map([
  ['none', 'no'],
  ['any', 'always'],
]);

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
