import fs from 'node:fs';
import { check, hasCode, libc } from '#sys/libc.ts';

/** A pidfd names one process for good: a pid that the kernel gives out again does not deceive its holder. */
const syscallOpen = libc.func('long syscall(long number, int pid, uint flags)');
const syscallSignal = libc.func('long syscall(long number, int pidfd, int signal, void *info, uint flags)');
/** The same numbers on every architecture (they came after the tables were unified). */
const SYS_pidfd_send_signal = 424;
const SYS_pidfd_open = 434;

/** A descriptor that becomes readable when the process has exited; the caller closes it. @throws SystemError ESRCH */
export function openPidfd(pid: number): number {
  return check('pidfd_open', Number(syscallOpen(SYS_pidfd_open, pid, 0)), String(pid));
}

/** @throws SystemError ESRCH when the process has been reaped */
export function signalPidfd(pidfd: number, signal: number): void {
  check('pidfd_send_signal', Number(syscallSignal(SYS_pidfd_send_signal, pidfd, signal, null, 0)));
}

/**
 * When the process started, in clock ticks since boot (proc(5), stat field 22): with the pid it names a process for good,
 * also across a restart of the daemon. undefined when there is no such process or it is a zombie.
 */
export function readStartTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  // The name in parentheses may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return fields[19];
}
