import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import {
  findLiveMonitor,
  type ProcessDirectory,
  readExit,
  readPid,
  readProcess,
  readSpec,
} from '#runtime/conmon/directories.ts';
import { thawCgroup } from '#sys/cgroup.ts';
import { hasCode } from '#sys/libc.ts';
import { openPidfd, signalPidfd } from '#sys/pidfd.ts';

const SIGKILL = 9;

/** See `Runtime.kill`. */
export function signalProcess(context: RuntimeContext, directory: ProcessDirectory, signal: number): void {
  const pidfd = openProcess(directory);
  if (pidfd === undefined) throw notRunning(directory);
  try {
    signalPidfd(pidfd, signal);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) throw notRunning(directory);
    throw error;
  } finally {
    fs.closeSync(pidfd);
  }
  // A frozen process would take the signal only after it has been resumed.
  const spec = signal === SIGKILL ? readSpec(directory) : undefined;
  if (spec) thawCgroup(context.cgroups, spec.linux.cgroupsPath);
}

/**
 * A descriptor of the process itself. Its pid may be another process's by now, but only while it is a child of its monitor it is ours,
 * and the monitor is known by its start time. The caller closes the descriptor.
 */
export function openProcess(directory: ProcessDirectory): number | undefined {
  const pid = readPid(directory);
  const monitorPid = findLiveMonitor(directory);
  if (pid === undefined || monitorPid === undefined || readExit(directory)) return undefined;
  let pidfd: number;
  try {
    pidfd = openPidfd(pid);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return undefined;
    throw error;
  }
  if (readParent(pid) === monitorPid) return pidfd;
  fs.closeSync(pidfd);
  return undefined;
}

export function readParent(pid: number): number | undefined {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** Lets conmon open its log file anew: `2` is that in its control pipe. @returns false when it has gone */
export function reopenLog(directory: ProcessDirectory): boolean {
  return tellMonitor(directory, '2 0 0\n');
}

/** See `Runtime.resize`. conmon's control pipe takes lines of `1 <rows> <columns>`. */
export function resizeTerminal(directory: ProcessDirectory, size: { rows: number; columns: number }): void {
  if (readProcess(directory)?.terminal === false) {
    throw new DhowError('Conflict', `cannot resize: ${directory.kind} ${directory.id} has no terminal`);
  }
  if (!tellMonitor(directory, `1 ${size.rows} ${size.columns}\n`)) throw notRunning(directory);
}

/** @returns false when nobody reads: the monitor has gone */
function tellMonitor(directory: ProcessDirectory, line: string): boolean {
  let fd: number;
  try {
    fd = fs.openSync(directory.file('ctl'), fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENXIO')) return false;
    throw error;
  }
  try {
    fs.writeSync(fd, line);
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

export function notRunning(directory: ProcessDirectory): DhowError {
  return new DhowError('Conflict', `${directory.kind} ${directory.id} is not running`, {
    reason: 'not-running',
  });
}
