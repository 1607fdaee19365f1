import fs from 'node:fs';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import {
  findLiveMonitor,
  type ProcessDirectory,
  readExit,
  readMonitorArguments,
  readPid,
} from '#runtime/conmon/directories.ts';
import { settleExit } from '#runtime/conmon/exits.ts';
import { openProcess } from '#runtime/conmon/signals.ts';
import { connectStdio } from '#runtime/conmon/stdio.ts';
import type { ProcessState, StdioConnection } from '#runtime/runtime.ts';
import { isFrozen } from '#sys/cgroup.ts';

/** See `Runtime.inspect`. */
export function inspectProcess(context: RuntimeContext, id: string): ProcessState {
  const directory = context.directories.find(id);
  if (!directory) return { state: 'absent' };
  const exit = readExit(directory);
  if (exit) return { state: 'exited', exit };
  const pid = readPid(directory);
  const monitorPid = findLiveMonitor(directory);
  if (monitorPid === undefined) {
    const settled = settleExit(context, directory);
    return settled ? { state: 'exited', exit: settled } : { state: 'absent' };
  }
  if (pid === undefined) return { state: 'absent' };
  const waits = directory.kind === 'container' && fs.existsSync(context.directories.startFifo(id));
  const runs = directory.kind === 'container' && isFrozen(context.cgroups, pid) ? 'paused' : 'running';
  return { state: waits ? 'created' : runs, pid, monitorPid };
}

/** See `Runtime.attach`. */
export function attachContainer(
  context: RuntimeContext,
  directory: ProcessDirectory,
  observer: boolean,
): StdioConnection {
  const connection = connectStdio(context.poller, directory.file('attach'), {
    subject: `container ${directory.id}`,
    linger: observer && closesStdinWithClient(directory),
  });
  drainAtExit(context, directory, connection);
  return connection;
}

/** conmon takes the going of any client for the end of the process's stdin, unless it was started to leave it open. */
function closesStdinWithClient(directory: ProcessDirectory): boolean {
  const args = readMonitorArguments(directory);
  return args.includes('-i') && !args.includes('--leave-stdin-open');
}

/**
 * conmon writes to its clients before it looks whether its process has exited. A client that does not read would keep the exit from
 * being known, so its connection takes all that is left (at most what pipes hold) once the process is gone.
 */
export function drainAtExit(
  context: RuntimeContext,
  directory: ProcessDirectory,
  connection: { drain(): void },
): void {
  const pidfd = openProcess(directory);
  if (pidfd === undefined) connection.drain();
  else context.poller.watchExit(pidfd, () => connection.drain());
}
