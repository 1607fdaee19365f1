import type { Listing } from '#cli/output/listing.ts';
import { humanBinarySize, humanSize } from '#cli/output/size.ts';
import { shortId } from '#cli/output/width.ts';
import type { ContainerStats } from '#wire/stats.ts';

export const statsTable =
  'table {{.ID}}\\t{{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}\\t{{.MemPerc}}\\t{{.NetIO}}\\t{{.BlockIO}}\\t{{.PIDs}}';

/** A container's latest sample. */
export interface StatsRow {
  /** As the user named it. */
  container: string;
  /** undefined until the first one has come. */
  sample: ContainerStats | undefined;
}

/** Columns of `stats`. Without a sample they are dashes, as Docker's. */
export function statsListing(truncate: boolean): Listing<StatsRow> {
  const withSample =
    (show: (sample: ContainerStats) => string, otherwise: string) =>
    ({ sample }: StatsRow): string =>
      sample === undefined ? otherwise : show(sample);
  return {
    typeName: '*container.statsContext',
    columns: {
      Container: { title: 'CONTAINER', value: (row) => row.container },
      ID: {
        title: 'CONTAINER ID',
        value: ({ sample }) => (sample === undefined ? '--' : truncate ? shortId(sample.id) : sample.id),
      },
      Name: { title: 'NAME', value: ({ sample }) => sample?.name.replace(/^\//, '') || '--' },
      CPUPerc: { title: 'CPU %', value: withSample((sample) => percent(cpuPercent(sample)), '--') },
      MemUsage: {
        title: 'MEM USAGE / LIMIT',
        value: withSample(
          (sample) =>
            `${humanBinarySize(usedMemory(sample))} / ${humanBinarySize(sample.memory_stats.limit ?? 0)}`,
          '-- / --',
        ),
      },
      MemPerc: { title: 'MEM %', value: withSample((sample) => percent(memoryPercent(sample)), '--') },
      NetIO: {
        title: 'NET I/O',
        value: withSample((sample) => {
          const interfaces = Object.values(sample.networks ?? {});
          const received = interfaces.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0);
          const sent = interfaces.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0);
          return `${humanSize(received, 3)} / ${humanSize(sent, 3)}`;
        }, '--'),
      },
      BlockIO: {
        title: 'BLOCK I/O',
        value: withSample((sample) => {
          const entries = sample.blkio_stats.io_service_bytes_recursive ?? [];
          const sum = (letter: string): number =>
            entries.reduce(
              (total, { op, value }) => total + (op.toLowerCase().startsWith(letter) ? value : 0),
              0,
            );
          return `${humanSize(sum('r'), 3)} / ${humanSize(sum('w'), 3)}`;
        }, '--'),
      },
      PIDs: { title: 'PIDS', value: withSample((sample) => String(sample.pids_stats.current ?? 0), '--') },
    },
  };
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

/** Share of one CPU since the sample before: 200% is two busy CPUs. */
function cpuPercent({ cpu_stats: cpu, precpu_stats: before }: ContainerStats): number {
  const used = cpu.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const host = (cpu.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const cpus = cpu.online_cpus ?? cpu.cpu_usage.percpu_usage?.length ?? 1;
  return host > 0 && used > 0 ? (used / host) * cpus * 100 : 0;
}

/** Without the page cache that the kernel would give up first: `total_inactive_file` of cgroup v1, `inactive_file` of v2. */
function usedMemory({ memory_stats: { usage = 0, stats = {} } }: ContainerStats): number {
  const cache = stats['total_inactive_file'] ?? stats['inactive_file'] ?? 0;
  return cache < usage ? usage - cache : usage;
}

function memoryPercent(sample: ContainerStats): number {
  const limit = sample.memory_stats.limit ?? 0;
  return limit === 0 ? 0 : (usedMemory(sample) / limit) * 100;
}
