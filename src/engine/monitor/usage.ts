import fs from 'node:fs';
import os from 'node:os';
import type { InterfaceUsage, Usage } from '#engine/monitor.ts';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import { readCgroupUsage } from '#sys/cgroup-usage.ts';
import { hasCode } from '#sys/libc.ts';

const nanosecondsPerTick = 1e9 / 100;

/** @param pid of a process in the container's network namespace; undefined when that is the host's */
export function readUsage(
  hierarchies: CgroupHierarchies,
  cgroupPath: string,
  pid: number | undefined,
): Usage {
  const { totalTicks, cpus } = parseHostCpu(fs.readFileSync('/proc/stat', 'utf8'));
  return {
    ...readCgroupUsage(hierarchies, cgroupPath),
    readAt: new Date(),
    hostCpuNanoseconds: totalTicks * nanosecondsPerTick,
    onlineCpus: cpus,
    hostMemoryBytes: os.totalmem(),
    networks: pid === undefined ? {} : readNetworks(pid),
  };
}

/** /proc/stat: user, nice, system, idle, iowait, irq, softirq and steal of all CPUs, and how many there are. */
export function parseHostCpu(text: string): { totalTicks: number; cpus: number } {
  const lines = text.split('\n');
  const numbers = (lines[0] ?? '').split(/\s+/).slice(1, 9).map(Number);
  return {
    totalTicks: numbers.reduce((sum, ticks) => sum + ticks, 0),
    cpus: lines.filter((line) => /^cpu\d/.test(line)).length,
  };
}

function readNetworks(pid: number): Record<string, InterfaceUsage> {
  try {
    return parseInterfaces(fs.readFileSync(`/proc/${pid}/net/dev`, 'utf8'));
  } catch (error) {
    // It has just exited.
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EINVAL')) return {};
    throw error;
  }
}

/** /proc/net/dev (proc(5)) without the loopback interface. */
export function parseInterfaces(text: string): Record<string, InterfaceUsage> {
  const interfaces: Record<string, InterfaceUsage> = {};
  for (const line of text.split('\n').slice(2)) {
    const [name, counters] = line.split(':', 2);
    if (name === undefined || counters === undefined || name.trim() === 'lo') continue;
    const numbers = counters.trim().split(/\s+/).map(Number);
    const at = (index: number): number => numbers[index] ?? 0;
    interfaces[name.trim()] = {
      receivedBytes: at(0),
      receivedPackets: at(1),
      receiveErrors: at(2),
      receiveDropped: at(3),
      sentBytes: at(8),
      sentPackets: at(9),
      sendErrors: at(10),
      sendDropped: at(11),
    };
  }
  return interfaces;
}
