import type { InterfaceUsage, StatsSample, Usage } from '#engine/monitor.ts';
import type { BlkioEntry, ContainerStats, CpuStats, NetworkStats } from '#wire/stats.ts';

/** Go's zero time. */
const never = '0001-01-01T00:00:00Z';

const noCpu: CpuStats = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

export function encodeStats({ id, name, usage, previous, cgroupVersion }: StatsSample): ContainerStats {
  return {
    id,
    name: `/${name}`,
    os_type: 'linux',
    read: usage === undefined ? never : usage.readAt.toISOString(),
    preread: previous === undefined ? never : previous.readAt.toISOString(),
    cpu_stats: usage === undefined ? noCpu : encodeCpu(usage),
    precpu_stats: previous === undefined ? noCpu : encodeCpu(previous),
    memory_stats: usage === undefined ? {} : encodeMemory(usage, cgroupVersion),
    ...(usage === undefined || Object.keys(usage.networks).length === 0
      ? {}
      : { networks: encodeNetworks(usage) }),
    pids_stats:
      usage === undefined
        ? {}
        : {
            current: usage.pids.current,
            ...(usage.pids.limit === undefined ? {} : { limit: usage.pids.limit }),
          },
    blkio_stats: encodeIo(usage, cgroupVersion),
    num_procs: 0,
    storage_stats: {},
  };
}

function encodeCpu({ cpu, hostCpuNanoseconds, onlineCpus }: Usage): CpuStats {
  return {
    cpu_usage: {
      total_usage: cpu.totalNanoseconds,
      ...(cpu.perCpuNanoseconds.length === 0 ? {} : { percpu_usage: cpu.perCpuNanoseconds }),
      usage_in_kernelmode: cpu.systemNanoseconds,
      usage_in_usermode: cpu.userNanoseconds,
    },
    system_cpu_usage: hostCpuNanoseconds,
    online_cpus: onlineCpus,
    throttling_data: {
      periods: cpu.throttling.periods,
      throttled_periods: cpu.throttling.throttledPeriods,
      throttled_time: cpu.throttling.throttledNanoseconds,
    },
  };
}

function encodeMemory({ memory, hostMemoryBytes }: Usage, version: 1 | 2): ContainerStats['memory_stats'] {
  return {
    usage: memory.usageBytes,
    ...(version === 1 ? { max_usage: memory.maxUsageBytes } : {}),
    stats: memory.details,
    ...(memory.failures === 0 ? {} : { failcnt: memory.failures }),
    limit: memory.limitBytes ?? hostMemoryBytes,
  };
}

function encodeNetworks({ networks }: Usage): Record<string, NetworkStats> {
  const encode = (usage: InterfaceUsage): NetworkStats => ({
    rx_bytes: usage.receivedBytes,
    rx_packets: usage.receivedPackets,
    rx_errors: usage.receiveErrors,
    rx_dropped: usage.receiveDropped,
    tx_bytes: usage.sentBytes,
    tx_packets: usage.sentPackets,
    tx_errors: usage.sendErrors,
    tx_dropped: usage.sendDropped,
  });
  return Object.fromEntries(Object.entries(networks).map(([name, usage]) => [name, encode(usage)]));
}

/** Version 2 has neither queues nor times, which Docker tells by null; its operations are written in lower case. */
function encodeIo(usage: Usage | undefined, version: 1 | 2): ContainerStats['blkio_stats'] {
  const other = usage === undefined || version === 2 ? null : [];
  const [read, write] = version === 2 ? ['read', 'write'] : ['Read', 'Write'];
  const list = (readKey: 'readBytes' | 'readOperations', writeKey: 'writtenBytes' | 'writeOperations') =>
    usage === undefined
      ? null
      : usage.io.flatMap((device): BlkioEntry[] => {
          const { major, minor } = device;
          return [
            { major, minor, op: read ?? '', value: device[readKey] },
            { major, minor, op: write ?? '', value: device[writeKey] },
          ];
        });
  return {
    io_service_bytes_recursive: list('readBytes', 'writtenBytes'),
    io_serviced_recursive: version === 2 ? null : list('readOperations', 'writeOperations'),
    io_queue_recursive: other,
    io_service_time_recursive: other,
    io_wait_time_recursive: other,
    io_merged_recursive: other,
    io_time_recursive: other,
    sectors_recursive: other,
  };
}
