import fs from 'node:fs';

/** Paths of /proc and /sys that tell of or reach the host: Docker's list, in its order. */
const alwaysMasked = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

export const defaultReadonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

let known: readonly string[] | undefined;

/** What a container that asks for nothing does not see. The host is looked at once: its processors stay the same. */
export function defaultMaskedPaths(): readonly string[] {
  known ??= [...alwaysMasked, ...findThermalPaths('/sys/devices/system/cpu')];
  return known;
}

/** Where each processor tells of its heat, by which containers could watch their neighbours work. Virtual machines have none. */
export function findThermalPaths(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => /^cpu\d+$/.test(name))
    .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)))
    .map((name) => `${directory}/${name}/thermal_throttle`)
    .filter((file) => fs.existsSync(file));
}
