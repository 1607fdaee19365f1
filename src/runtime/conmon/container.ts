import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { runOciRuntime } from '#runtime/conmon/command.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { destroyContainer } from '#runtime/conmon/destroy.ts';
import { type ProcessDirectory, readRuntimeLog, writeDocument } from '#runtime/conmon/directories.ts';
import { encodeSpec } from '#runtime/conmon/encode-spec.ts';
import { type Attempt, runtimeFailure } from '#runtime/conmon/errors.ts';
import { supervise } from '#runtime/conmon/exits.ts';
import { givePipes, ownerOutside, restoreNullDevice } from '#runtime/conmon/give-stdio.ts';
import { type StartingMonitor, startMonitor } from '#runtime/conmon/monitor.ts';
import { openProcess } from '#runtime/conmon/signals.ts';
import type { CreateRequest } from '#runtime/runtime.ts';
import { hasCode } from '#sys/libc.ts';
import { signalPidfd } from '#sys/pidfd.ts';

const SIGKILL = 9;

/** See `Runtime.create`. */
export async function createContainer(
  context: RuntimeContext,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<{ pid: number }> {
  signal.throwIfAborted();
  const maker = context.makers.choose(request.runtime);
  context.cgroupMoves.anticipate();
  const directory = context.directories.container(request.id);
  try {
    fs.mkdirSync(directory.path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new DhowError('Conflict', `container ${request.id} has been created already`);
  }
  await using undo = new AsyncDisposableStack();
  undo.defer(quietly('destroy container', () => destroyContainer(context, directory)));
  context.exits.forget(request.id);

  const seccompCache = maker.name === 'crun' ? context.seccompCache : undefined;
  const spec = seccompCache?.apply(request.spec) ?? request.spec;
  writeDocument(directory, 'config.json', encodeSpec(spec));
  const { apparmorProfile } = spec.process;
  if (apparmorProfile !== undefined) await context.ensureProfile(apparmorProfile);
  const owner = ownerOutside(request.spec, request.spec.process);
  const monitor = await startMonitor(context, {
    directory,
    maker,
    containerId: request.id,
    terminal: request.terminal,
    stdin: request.stdin,
    log: request.logDriver === 'none' ? 'none' : `k8s-file:${request.logPath}`,
    args: [],
    pipes: {},
  });
  const attempt = { program: request.spec.process.args[0] ?? '', action: 'create' } as const;
  const pid = await awaitProcess(monitor, directory, attempt, signal).finally(() => {
    // conmon's /dev/null is crun's stdin where the process has no input or a terminal. The process itself does not run yet.
    if (owner !== undefined) restoreNullDevice(context.nullDevice);
  });
  if (owner !== undefined) givePipes(monitor.pid, owner);
  seccompCache?.learn(spec, path.join(maker.state, request.id));
  supervise(context, directory, monitor.exited);
  undo.move();
  return { pid };
}

/**
 * Waits until conmon tells the process's pid.
 * @throws what the runtime said against it; the signal's reason, after the monitor has been killed
 */
export async function awaitProcess(
  monitor: StartingMonitor,
  directory: ProcessDirectory,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<number> {
  const settled = new AbortController();
  // A signal that was given while the monitor was started tells it no more.
  const aborting = signal.aborted ? Promise.resolve() : once(signal, 'abort', { signal: settled.signal });
  const aborted = aborting.then(
    () => 'aborted' as const,
    () => undefined,
  );
  const outcome = await Promise.race([aborted, monitor.outcome]);
  settled.abort();
  if (outcome === 'aborted') {
    // The monitor takes its runtime with it, but not a process that exists already.
    const pidfd = openProcess(directory);
    if (pidfd !== undefined) {
      signalPidfd(pidfd, SIGKILL);
      fs.closeSync(pidfd);
    }
    process.kill(monitor.pid, 'SIGKILL');
    await monitor.exited;
    throw signal.reason;
  }
  if (outcome !== undefined && outcome.data > 0) return outcome.data;
  await monitor.exited;
  const said = outcome?.message ?? readRuntimeLog(directory);
  throw runtimeFailure(said ?? 'the monitor (conmon) exited without a reason', attempt);
}

/** See `Runtime.start`. */
export async function startContainer(context: RuntimeContext, id: string): Promise<void> {
  const directory = context.directories.container(id);
  const maker = context.makers.of(id);
  if (maker.name !== 'crun') {
    await runOciRuntime(context, id, ['start']);
    return;
  }
  // crun's init process waits for one byte on this pipe, and `crun start` does no more than to send it (it would also run
  // poststart hooks, of which our specs have none). Done here it costs 0.1 ms in place of a process.
  const fifo = context.directories.startFifo(id);
  let fd: number;
  try {
    fd = fs.openSync(fifo, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    // ENXIO: nobody waits on the other side.
    if (!hasCode(error, 'ENOENT', 'ENXIO')) throw error;
    const state = fs.existsSync(directory.path) ? 'is not waiting for its start' : 'does not exist';
    throw new DhowError('Conflict', `container ${id} ${state}`, { reason: 'not-running', cause: error });
  }
  try {
    fs.unlinkSync(fifo);
    fs.writeSync(fd, '0');
  } finally {
    fs.closeSync(fd);
  }
}
