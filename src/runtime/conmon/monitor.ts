import fs from 'node:fs';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { type ProcessDirectory, writeMonitor } from '#runtime/conmon/directories.ts';
import type { Maker } from '#runtime/conmon/maker.ts';
import { openPidfd } from '#sys/pidfd.ts';
import { openPipe } from '#sys/pipe.ts';
import { readPipe } from '#sys/read-pipe.ts';
import { reap, spawn } from '#sys/spawn.ts';

/** A conmon that was started and has not yet told whether its process exists. */
export interface StartingMonitor {
  pid: number;
  /** What conmon says on its sync pipe: the process's pid, or why there is none. undefined when it died silently. */
  outcome: Promise<SyncMessage | undefined>;
  /** conmon has exited; it is reaped and its exit file, if any, is complete. */
  exited: Promise<void>;
}

export interface SyncMessage {
  /** A pid; negative for a failure. */
  data: number;
  message?: string;
}

export interface MonitorCall {
  directory: ProcessDirectory;
  maker: Maker;
  /** conmon's `--cid`: the container. */
  containerId: string;
  terminal: boolean;
  /** The runtime complains to `runtime.log` in place of its stderr, of which conmon tells. */
  ownLog?: boolean;
  stdin: 'closed' | 'open' | 'once';
  /** conmon's `--log-path`. */
  log: string;
  args: string[];
  /** Further pipes by the name of the environment variable that tells conmon their number. */
  pipes: Record<string, number>;
}

/** The longest sync message that is kept; conmon's own bound on the runtime's error is 8 KiB before escaping. */
const syncMessageLimit = 256 * 1024;

/**
 * Starts conmon as our own child (`--sync`: it forks once less), in its own session and with /dev/null for stdio, so that it
 * outlives this daemon. Before it tells its outcome it is in the monitors' control group, neither the daemon's nor the container's.
 */
export async function startMonitor(context: RuntimeContext, call: MonitorCall): Promise<StartingMonitor> {
  const { directory } = call;
  const sync = openPipe();
  let pid: number;
  try {
    const pipes = Object.entries({ _OCI_SYNCPIPE: sync.writeFd, ...call.pipes });
    // Targets lie above every source, so that one dup2 never overwrites what another one needs.
    const base = Math.max(...pipes.map(([, fd]) => fd)) + 1;
    const env: Record<string, string> = { PATH: searchPath };
    for (const [index, [name]] of pipes.entries()) env[name] = String(base + index);
    pid = await spawn({
      path: context.conmonPath,
      args: monitorArguments(call),
      env,
      descriptors: pipes.map(([, source], index) => ({ source, target: base + index })),
      newSession: true,
      // conmon writes its `oom` file here.
      directory: directory.path,
    });
  } catch (error) {
    fs.closeSync(sync.readFd);
    throw error;
  } finally {
    fs.closeSync(sync.writeFd);
  }
  writeMonitor(directory, pid);
  const { promise: exited, resolve } = Promise.withResolvers<void>();
  context.poller.watchExit(openPidfd(pid), () => {
    reap(pid);
    resolve();
  });
  const ready = Promise.all([readSyncMessage(sync.readFd), context.monitorGroup.take(pid)]);
  return { pid, outcome: ready.then(([message]) => message), exited };
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function monitorArguments(call: MonitorCall): string[] {
  const { directory, containerId, stdin, maker } = call;
  return [
    ...['--api-version', '1', '--sync', '--full-attach', '--no-sync-log', '--log-level', 'error'],
    ...['-c', containerId, '-u', directory.id, '-n', directory.id],
    ...['-r', maker.program, '--runtime-arg', '--root', '--runtime-arg', maker.state],
    ...(call.ownLog ? ['--runtime-arg', '--log', '--runtime-arg', directory.file('runtime.log')] : []),
    ...['-b', directory.path, '-p', directory.file('pid'), '--exit-dir', directory.path, '-l', call.log],
    ...(stdin === 'closed' ? [] : ['-i']),
    ...(stdin === 'open' ? ['--leave-stdin-open'] : []),
    ...(call.terminal ? ['-t'] : []),
    ...call.args,
  ];
}

/** Reads one line of JSON from one of conmon's pipes and closes the pipe. undefined when conmon died without a word. */
export async function readSyncMessage(fd: number): Promise<SyncMessage | undefined> {
  const newline = 0x0a;
  const [line] = (await readPipe(fd, syncMessageLimit, newline)).toString('utf8').split('\n', 1);
  return line ? parseSyncMessage(line) : undefined;
}

/** conmon does not escape every control character, so what is not JSON is taken as a failure's plain text. */
function parseSyncMessage(line: string): SyncMessage {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'data' in value && typeof value.data === 'number') {
      const message = 'message' in value && typeof value.message === 'string' ? value.message : undefined;
      return message === undefined ? { data: value.data } : { data: value.data, message };
    }
  } catch {}
  return { data: -1, message: line };
}
