import fs from 'node:fs';
import path from 'node:path';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import { hasCode } from '#sys/libc.ts';

/** What the processes of a control group have used. Whatever the kernel does not tell is 0 or empty. */
export interface CgroupUsage {
  cpu: {
    totalNanoseconds: number;
    userNanoseconds: number;
    systemNanoseconds: number;
    /** Version 1 only. */
    perCpuNanoseconds: number[];
    throttling: { periods: number; throttledPeriods: number; throttledNanoseconds: number };
  };
  memory: {
    usageBytes: number;
    /** Version 1, and version 2 since Linux 5.19. */
    maxUsageBytes: number;
    /** undefined: none */
    limitBytes: number | undefined;
    failures: number;
    /** The lines of `memory.stat`. */
    details: Record<string, number>;
  };
  /** `limit` undefined: none */
  pids: { current: number; limit: number | undefined };
  io: IoUsage[];
}

/** Of one block device. */
export interface IoUsage {
  major: number;
  minor: number;
  readBytes: number;
  writtenBytes: number;
  readOperations: number;
  writeOperations: number;
}

/** /proc/self/stat's unit, fixed on every architecture that Node runs on. */
const nanosecondsPerTick = 1e9 / 100;
/** Version 1 writes the largest number of pages where there is no limit. */
const noLimitBytes = 2 ** 60;

/** Reads the accounting files (Documentation/admin-guide/cgroup-v1, cgroup-v2.rst). A group that is gone has used nothing. */
export function readCgroupUsage(hierarchies: CgroupHierarchies, cgroupPath: string): CgroupUsage {
  return hierarchies.version === 2
    ? readUnified(hierarchies, cgroupPath)
    : readSeparate(hierarchies, cgroupPath);
}

function readUnified({ mounts }: CgroupHierarchies, cgroupPath: string): CgroupUsage {
  const read = readerOf(mounts.find(({ unified }) => unified)?.directory, cgroupPath);
  const cpu = parseKeys(read('cpu.stat'));
  const microseconds = (key: string): number => (cpu[key] ?? 0) * 1000;
  return {
    cpu: {
      totalNanoseconds: microseconds('usage_usec'),
      userNanoseconds: microseconds('user_usec'),
      systemNanoseconds: microseconds('system_usec'),
      perCpuNanoseconds: [],
      throttling: {
        periods: cpu['nr_periods'] ?? 0,
        throttledPeriods: cpu['nr_throttled'] ?? 0,
        throttledNanoseconds: microseconds('throttled_usec'),
      },
    },
    memory: {
      usageBytes: numberOf(read('memory.current')),
      maxUsageBytes: numberOf(read('memory.peak')),
      limitBytes: limitOf(read('memory.max')),
      failures: parseKeys(read('memory.events'))['max'] ?? 0,
      details: parseKeys(read('memory.stat')),
    },
    pids: { current: numberOf(read('pids.current')), limit: limitOf(read('pids.max')) },
    io: parseUnifiedIo(read('io.stat')),
  };
}

function readSeparate({ mounts }: CgroupHierarchies, cgroupPath: string): CgroupUsage {
  const reader = (controller: string) =>
    readerOf(mounts.find(({ controllers }) => controllers.includes(controller))?.directory, cgroupPath);
  const [account, cpu, memory, pids, io] = ['cpuacct', 'cpu', 'memory', 'pids', 'blkio'].map(reader);
  const none = (): string => '';
  const read = (from: Reader | undefined, file: string): string => (from ?? none)(file);
  const times = parseKeys(read(account, 'cpuacct.stat'));
  const throttling = parseKeys(read(cpu, 'cpu.stat'));
  const limit = numberOf(read(memory, 'memory.limit_in_bytes'));
  return {
    cpu: {
      totalNanoseconds: numberOf(read(account, 'cpuacct.usage')),
      userNanoseconds: (times['user'] ?? 0) * nanosecondsPerTick,
      systemNanoseconds: (times['system'] ?? 0) * nanosecondsPerTick,
      perCpuNanoseconds: read(account, 'cpuacct.usage_percpu').split(/\s+/).filter(Boolean).map(Number),
      throttling: {
        periods: throttling['nr_periods'] ?? 0,
        throttledPeriods: throttling['nr_throttled'] ?? 0,
        throttledNanoseconds: throttling['throttled_time'] ?? 0,
      },
    },
    memory: {
      usageBytes: numberOf(read(memory, 'memory.usage_in_bytes')),
      maxUsageBytes: numberOf(read(memory, 'memory.max_usage_in_bytes')),
      limitBytes: limit === 0 || limit >= noLimitBytes ? undefined : limit,
      failures: numberOf(read(memory, 'memory.failcnt')),
      details: parseKeys(read(memory, 'memory.stat')),
    },
    pids: { current: numberOf(read(pids, 'pids.current')), limit: limitOf(read(pids, 'pids.max')) },
    io: parseSeparateIo(
      read(io, 'blkio.throttle.io_service_bytes_recursive'),
      read(io, 'blkio.throttle.io_serviced_recursive'),
    ),
  };
}

type Reader = (file: string) => string;

function readerOf(hierarchy: string | undefined, cgroupPath: string): Reader {
  return (file) => {
    if (hierarchy === undefined) return '';
    try {
      return fs.readFileSync(path.join(hierarchy, cgroupPath, file), 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return '';
      throw error;
    }
  };
}

function numberOf(text: string): number {
  return Number(text.trim()) || 0;
}

/** `max` means none. */
function limitOf(text: string): number | undefined {
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** Lines of a key and a number. */
export function parseKeys(text: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [key, value] = line.split(' ');
    if (key !== undefined && value !== undefined) values[key] = Number(value);
  }
  return values;
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …` */
export function parseUnifiedIo(text: string): IoUsage[] {
  return text
    .split('\n')
    .filter((line) => /^\d+:\d+ /.test(line))
    .map((line) => {
      const [device = '', ...pairs] = line.split(' ');
      const values = Object.fromEntries(pairs.map((pair) => pair.split('=', 2)));
      return {
        ...deviceOf(device),
        readBytes: Number(values.rbytes ?? 0),
        writtenBytes: Number(values.wbytes ?? 0),
        readOperations: Number(values.rios ?? 0),
        writeOperations: Number(values.wios ?? 0),
      };
    });
}

/** Two files of lines such as `8:0 Read 4096`. */
export function parseSeparateIo(bytesText: string, operationsText: string): IoUsage[] {
  const devices = new Map<string, IoUsage>();
  const add = (text: string, fields: { Read: keyof IoUsage; Write: keyof IoUsage }): void => {
    for (const line of text.split('\n')) {
      const [device = '', operation, value] = line.split(' ');
      if (operation !== 'Read' && operation !== 'Write') continue;
      const usage = devices.get(device) ?? {
        ...deviceOf(device),
        readBytes: 0,
        writtenBytes: 0,
        readOperations: 0,
        writeOperations: 0,
      };
      devices.set(device, usage);
      usage[fields[operation]] = Number(value);
    }
  };
  add(bytesText, { Read: 'readBytes', Write: 'writtenBytes' });
  add(operationsText, { Read: 'readOperations', Write: 'writeOperations' });
  return [...devices.values()];
}

function deviceOf(text: string): { major: number; minor: number } {
  const [major = 0, minor = 0] = text.split(':').map(Number);
  return { major, minor };
}
