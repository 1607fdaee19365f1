import fs from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createReading, type Metric } from '#daemon/metrics/metric.ts';

/** How often the event loop's delay is measured. */
const resolutionMs = 20;

/** The daemon as a process, by the names that Prometheus' clients and Node's use. */
export function processMetrics(): Metric[] {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const startedAt = Date.now() / 1000 - process.uptime();
  const version = process.version;
  return [
    createReading('counter', 'process_cpu_seconds_total', 'Processor time in seconds.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    createReading('gauge', 'process_start_time_seconds', 'Start, in seconds since 1970.', () => startedAt),
    createReading('gauge', 'process_resident_memory_bytes', 'Memory in use.', () =>
      process.memoryUsage.rss(),
    ),
    createReading('gauge', 'process_virtual_memory_bytes', 'Address space in use.', virtualBytes),
    createReading(
      'gauge',
      'process_open_fds',
      'Open file descriptors.',
      () => fs.readdirSync('/proc/self/fd').length,
    ),
    createReading('gauge', 'process_max_fds', 'Limit of open file descriptors.', descriptorLimit),
    createReading('gauge', 'nodejs_version_info', 'Version of Node.', () => [
      { labels: { version }, value: 1 },
    ]),
    createReading(
      'gauge',
      'nodejs_heap_size_total_bytes',
      'Size of the JavaScript heap.',
      () => process.memoryUsage().heapTotal,
    ),
    createReading(
      'gauge',
      'nodejs_heap_size_used_bytes',
      'Used of the JavaScript heap.',
      () => process.memoryUsage().heapUsed,
    ),
    createReading(
      'gauge',
      'nodejs_external_memory_bytes',
      'Memory of buffers and the like.',
      () => process.memoryUsage().external,
    ),
    createReading(
      'gauge',
      'nodejs_active_resources_total',
      'What keeps the event loop alive.',
      () => process.getActiveResourcesInfo().length,
    ),
    ...([50, 90, 99] as const).map((percentile) =>
      createReading(
        'gauge',
        `nodejs_eventloop_lag_p${percentile}_seconds`,
        `Delay of the event loop, percentile ${percentile} since the start.`,
        () => delays.percentile(percentile) / 1e9,
      ),
    ),
    createReading(
      'gauge',
      'nodejs_eventloop_lag_max_seconds',
      'Longest delay of the event loop since the start.',
      () => delays.max / 1e9,
    ),
  ];
}

function virtualBytes(): number {
  return 1024 * Number(/^VmSize:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

/** NaN where there is none. */
function descriptorLimit(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}
