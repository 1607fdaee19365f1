import { DhowError } from '#errors/error.ts';
import type { OciDeviceRule } from '#runtime/oci.ts';
import { buildBlockIo, type OciBlockIo } from '#runtime/spec/block-io.ts';
import type { ResourceSettings } from '#runtime/spec.ts';

/** `linux.resources` of the runtime spec (config-linux.md, "Control groups"). What is undefined is not written. */
export interface OciResources {
  devices: OciDeviceRule[];
  memory?: Record<string, number | boolean>;
  cpu?: Record<string, number | string>;
  pids?: { limit: number };
  blockIO?: OciBlockIo;
}

/** @throws InvalidParameter for limits that contradict each other */
export function buildResources(settings: ResourceSettings, devices: OciDeviceRule[]): OciResources {
  const memory = withoutUndefined({
    limit: positive(settings.memoryBytes),
    reservation: positive(settings.memoryReservationBytes),
    swap: memoryAndSwap(settings),
    swappiness: settings.memorySwappiness === -1 ? undefined : settings.memorySwappiness,
    disableOOMKiller: settings.oomKillDisable === true ? true : undefined,
  });
  const cpu = withoutUndefined({
    shares: positive(settings.cpuShares),
    period: positive(settings.cpuPeriodUs),
    quota: positive(settings.cpuQuotaUs),
    realtimePeriod: settings.cpuRealtimePeriodUs,
    realtimeRuntime: settings.cpuRealtimeRuntimeUs,
    cpus: settings.cpusetCpus === '' ? undefined : settings.cpusetCpus,
    mems: settings.cpusetMems === '' ? undefined : settings.cpusetMems,
  });
  const blockIO = buildBlockIo(settings);
  const pidsLimit = positive(settings.pidsLimit);
  return {
    devices,
    ...(memory ? { memory } : {}),
    ...(cpu ? { cpu } : {}),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit } }),
    ...(blockIO ? { blockIO } : {}),
  };
}

/**
 * The runtime spec, like Docker, counts memory and swap together. Docker's default with a memory limit is as much swap as memory;
 * -1 is no limit.
 */
function memoryAndSwap({
  memoryBytes,
  memoryReservationBytes,
  memorySwapBytes,
}: ResourceSettings): number | undefined {
  const limit = positive(memoryBytes);
  if (limit !== undefined && memoryReservationBytes !== undefined && memoryReservationBytes > limit) {
    throw new DhowError(
      'InvalidParameter',
      'Minimum memory limit should be larger than memory reservation limit',
    );
  }
  if (!memorySwapBytes) return limit === undefined ? undefined : limit * 2;
  if (memorySwapBytes === -1) return -1;
  if (limit === undefined) {
    throw new DhowError(
      'InvalidParameter',
      'You should always set the Memory limit when using Memoryswap limit',
    );
  }
  if (memorySwapBytes < limit) {
    throw new DhowError('InvalidParameter', 'Minimum memoryswap limit should be larger than memory limit');
  }
  return memorySwapBytes;
}

/** Docker writes "no limit" as 0 or -1. */
function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

function withoutUndefined<T>(values: Record<string, T | undefined>): Record<string, T> | undefined {
  const entries = Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
