import os from 'node:os';
import { decodeBlkioDevices } from '#api/decode/blkio-devices.ts';
import type { Fields } from '#api/decode/fields.ts';
import type { HostSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';
import type { ResourceSettings } from '#runtime/spec.ts';
import { ulimitNames } from '#wire/ulimits.ts';

const minimumMemoryBytes = 6 * 1024 * 1024;
/** The period that `--cpus` is counted in, in microseconds. */
export const defaultCpuPeriodUs = 100_000;

/** What no cgroup of Dhow's carries: Windows, and what Docker has dropped. */
const unsupported = [
  'KernelMemory',
  'KernelMemoryTCP',
  'CpuCount',
  'CpuPercent',
  'IOMaximumIOps',
  'IOMaximumBandwidth',
];

/** Memory limits that an update leaves as they are and its other values are checked against. */
export type CurrentMemory = Pick<ResourceSettings, 'memoryBytes'>;

/**
 * Docker's `Resources`, of create and of update. What is at its default is left out.
 * @throws InvalidParameter in Docker's words; Unsupported naming the field
 */
export function decodeResources(fields: Fields, current: CurrentMemory = {}): ResourceSettings {
  fields.refuse(unsupported);
  const swappiness = fields.optionalInteger('MemorySwappiness') ?? -1;
  check(
    swappiness >= -1 && swappiness <= 100,
    `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`,
  );
  const blkioWeight = fields.integer('BlkioWeight');
  check(
    blkioWeight === 0 || (blkioWeight >= 10 && blkioWeight <= 1000),
    'Range of blkio weight is from 10 to 1000',
  );
  const pidsLimit = fields.integer('PidsLimit');
  const deviceCgroupRules = fields.texts('DeviceCgroupRules');
  for (const rule of deviceCgroupRules) {
    check(
      /^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(rule),
      `invalid device cgroup rule format: '${rule.slice(0, 60)}'`,
    );
  }
  return {
    ...decodeMemory(fields, current),
    ...decodeCpu(fields),
    ...(swappiness === -1 ? {} : { memorySwappiness: swappiness }),
    ...(fields.flag('OomKillDisable') ? { oomKillDisable: true } : {}),
    ...(pidsLimit > 0 ? { pidsLimit } : {}),
    ...(blkioWeight === 0 ? {} : { blkioWeight }),
    ...decodeBlkioDevices(fields),
    deviceCgroupRules,
  };
}

/** Docker's `Ulimits`; -1 is unlimited. */
export function decodeRlimits(fields: Fields): HostSettings['rlimits'] {
  return fields.objects('Ulimits').map((limit) => {
    const name = limit.text('Name').toLowerCase();
    const soft = limit.integer('Soft');
    const hard = limit.integer('Hard');
    check(ulimitNames.includes(name), `invalid ulimit type: ${name.slice(0, 60)}`);
    check(
      hard === -1 || (soft !== -1 && soft <= hard),
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
    return { name, soft, hard };
  });
}

type Memory = Pick<ResourceSettings, 'memoryBytes' | 'memoryReservationBytes' | 'memorySwapBytes'>;

function decodeMemory(fields: Fields, current: CurrentMemory): Memory {
  const given = fields.integer('Memory');
  const memory = given === 0 ? (current.memoryBytes ?? 0) : given;
  const reservation = fields.integer('MemoryReservation');
  const swap = fields.integer('MemorySwap');
  check(memory === 0 || memory >= minimumMemoryBytes, 'Minimum memory limit allowed is 6MB');
  check(swap >= -1, `invalid MemorySwap ${swap}: it must be a number of bytes, or -1 for unlimited`);
  check(
    swap <= 0 || memory > 0,
    'You should always set the Memory limit when using Memoryswap limit, see usage',
  );
  check(
    swap <= 0 || swap >= memory,
    'Minimum memoryswap limit should be larger than memory limit, see usage',
  );
  check(reservation === 0 || reservation >= minimumMemoryBytes, 'Minimum memory reservation allowed is 6MB');
  check(
    memory === 0 || reservation <= memory,
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  );
  // By default a container may swap as much as its memory.
  const memorySwap = swap === 0 ? memory * 2 : swap;
  return {
    ...(given === 0 ? {} : { memoryBytes: given }),
    ...(reservation === 0 ? {} : { memoryReservationBytes: reservation }),
    ...(memorySwap === 0 ? {} : { memorySwapBytes: memorySwap }),
  };
}

type Cpu = Pick<
  ResourceSettings,
  | 'cpuShares'
  | 'cpuPeriodUs'
  | 'cpuQuotaUs'
  | 'cpuRealtimePeriodUs'
  | 'cpuRealtimeRuntimeUs'
  | 'cpusetCpus'
  | 'cpusetMems'
>;

function decodeCpu(fields: Fields): Cpu {
  const shares = fields.integer('CpuShares');
  const nanoCpus = fields.integer('NanoCpus');
  const period = fields.integer('CpuPeriod');
  const quota = fields.integer('CpuQuota');
  check(shares >= 0, `invalid CPU shares (${shares}): must be a positive integer`);
  check(nanoCpus === 0 || period === 0, 'Conflicting options: Nano CPUs and CPU Period cannot both be set.');
  check(nanoCpus === 0 || quota === 0, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set.');
  const cpus = os.availableParallelism();
  check(
    nanoCpus >= 0 && nanoCpus <= cpus * 1e9 && (nanoCpus === 0 || nanoCpus >= 1e7),
    `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
  );
  check(
    period === 0 || (period >= 1000 && period <= 1_000_000),
    'CPU cfs period cannot be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
  );
  check(quota <= 0 || quota >= 1000, 'CPU cfs quota cannot be less than 1ms (i.e. 1000)');
  const realtimePeriod = fields.integer('CpuRealtimePeriod');
  const realtimeRuntime = fields.integer('CpuRealtimeRuntime');
  check(
    realtimePeriod >= 0 && realtimeRuntime >= 0,
    'cpu real-time period and runtime must be positive numbers of microseconds',
  );
  check(
    realtimePeriod === 0 || realtimeRuntime <= realtimePeriod,
    'cpu real-time runtime cannot be higher than cpu real-time period',
  );
  const cpusetCpus = decodeCpuset(fields, 'CpusetCpus', 'cpuset cpus');
  const cpusetMems = decodeCpuset(fields, 'CpusetMems', 'cpuset mems');
  const fromNanoCpus = {
    cpuPeriodUs: defaultCpuPeriodUs,
    cpuQuotaUs: Math.round((nanoCpus * defaultCpuPeriodUs) / 1e9),
  };
  return {
    ...(shares === 0 ? {} : { cpuShares: shares }),
    ...(period === 0 ? {} : { cpuPeriodUs: period }),
    ...(quota === 0 ? {} : { cpuQuotaUs: quota }),
    ...(nanoCpus === 0 ? {} : fromNanoCpus),
    ...(realtimePeriod === 0 ? {} : { cpuRealtimePeriodUs: realtimePeriod }),
    ...(realtimeRuntime === 0 ? {} : { cpuRealtimeRuntimeUs: realtimeRuntime }),
    ...(cpusetCpus === '' ? {} : { cpusetCpus }),
    ...(cpusetMems === '' ? {} : { cpusetMems }),
  };
}

/** `0-3,7`. */
function decodeCpuset(fields: Fields, name: string, called: string): string {
  const text = fields.text(name);
  const valid = text === '' || /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(text);
  check(valid, `Invalid value ${text.slice(0, 60)} for ${called}`);
  return text;
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new DhowError('InvalidParameter', message);
}
