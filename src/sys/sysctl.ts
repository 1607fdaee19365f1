import fs from 'node:fs';
import { hasCode } from '#sys/libc.ts';

/**
 * Kernel parameters under /proc/sys. Those under net/ are the ones of the calling thread's network namespace.
 * Names are written as paths ("net/ipv4/ip_forward"), because interface names may contain dots.
 */
export function readSysctl(name: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** @throws Node's file errors: ENOENT when the kernel has no such parameter, EROFS or EACCES when it may not be set */
export function writeSysctl(name: string, value: string): void {
  const fd = fs.openSync(`/proc/sys/${name}`, 'w');
  try {
    fs.writeSync(fd, value);
  } finally {
    fs.closeSync(fd);
  }
}

/** Sets a parameter unless it has the value already. @returns whether it was changed */
export function ensureSysctl(name: string, value: string): boolean {
  if (readSysctl(name) === value) return false;
  writeSysctl(name, value);
  return true;
}
