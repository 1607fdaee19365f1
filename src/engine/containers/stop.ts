import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { findContainer, isLive, requireRunning } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { dropRestart } from '#engine/containers/restarting-state.ts';
import { parseSignal } from '#engine/containers/signals.ts';
import { startContainer } from '#engine/containers/start.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError, findDhowError, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';

const SIGKILL = 9;
const DEFAULT_STOP_TIMEOUT_SECONDS = 10;

export interface StopOptions {
  signal?: string | undefined;
  timeoutSeconds?: number | undefined;
}

/** See `ContainerService.stop`. Holds no lock while it waits, so that the exit can be booked. */
export async function stopContainer(
  context: ContainerContext,
  nameOrId: string,
  options: StopOptions,
): Promise<'stopped' | 'already-stopped'> {
  const record = findContainer(context.table, nameOrId);
  const signal = parseSignal(options.signal ?? record.effective.stopSignal);
  if (!isLive(record) && record.state.status !== 'restarting') return 'already-stopped';
  markStopped(context, record);
  if (await cancelRestart(context, record)) return 'stopped';

  const timeout =
    options.timeoutSeconds ?? record.effective.stopTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS;
  if (!(await signalAndWait(context, record, signal, timeout))) {
    await signalAndWait(context, record, SIGKILL, -1);
  }
  await context.database.durable();
  emitContainerEvent(context, record, 'stop');
  return 'stopped';
}

/** See `ContainerService.kill`. SIGKILL waits for the exit, as Docker does. */
export async function killContainer(
  context: ContainerContext,
  nameOrId: string,
  signalText: string,
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  const signal = parseSignal(signalText);
  if (record.state.status === 'restarting') {
    markStopped(context, record);
    if (await cancelRestart(context, record)) return;
  }
  if (!isLive(record)) {
    throw new DhowError(
      'Conflict',
      `cannot kill container: ${nameOrId}: container ${record.id} is not running`,
      {
        reason: 'not-running',
      },
    );
  }
  const final = signal === SIGKILL || signal === parseSignal(record.effective.stopSignal);
  if (final) markStopped(context, record);
  if (signal === SIGKILL) await signalAndWait(context, record, signal, -1);
  else await sendSignal(context, record, signal);
}

/** See `ContainerService.restart`: a stop and a start; `--rm` does not remove in between. */
export async function restartContainer(
  context: ContainerContext,
  nameOrId: string,
  options: StopOptions,
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  if (isLive(record)) context.keepThroughExit.add(record.id);
  try {
    await stopContainer(context, record.id, options);
  } finally {
    context.keepThroughExit.delete(record.id);
  }
  await startContainer(context, record.id);
  emitContainerEvent(context, record, 'restart');
}

/** Kills the container and waits until its exit is booked; nothing to do when it does not run. */
export async function killAndWait(context: ContainerContext, record: ContainerRecord): Promise<void> {
  if (await cancelRestart(context, record)) return;
  if (!isLive(record)) return;
  markStopped(context, record);
  await signalAndWait(context, record, SIGKILL, -1);
}

export async function pauseContainer(context: ContainerContext, nameOrId: string): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  requireRunning(record);
  if (record.state.status === 'paused') {
    throw new DhowError('Conflict', `Container ${record.id} is already paused`);
  }
  if (record.state.status !== 'running') return;
  const paused = { ...record.state, status: 'paused' as const };
  await using undo = new AsyncDisposableStack();
  await context.runtime.pause(record.id);
  undo.defer(quietly('thaw container', () => context.runtime.resume(record.id)));
  context.table.saveStatus({ ...record, state: paused });
  undo.move();
  record.state = paused;
  emitContainerEvent(context, record, 'pause');
}

export async function unpauseContainer(context: ContainerContext, nameOrId: string): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  await resumeLocked(context, record, nameOrId);
  emitContainerEvent(context, record, 'unpause');
}

async function resumeLocked(context: ContainerContext, record: ContainerRecord, name: string): Promise<void> {
  if (record.state.status !== 'paused') {
    throw new DhowError('Conflict', `Container ${name} is not paused`);
  }
  const running = { ...record.state, status: 'running' as const };
  await using undo = new AsyncDisposableStack();
  await context.runtime.resume(record.id);
  undo.defer(quietly('freeze container', () => context.runtime.pause(record.id)));
  context.table.saveStatus({ ...record, state: running });
  undo.move();
  record.state = running;
}

function markStopped(context: ContainerContext, record: ContainerRecord): void {
  record.stoppedByUser = true;
  context.table.saveStatus(record);
}

/** A container that waits for its restart has no process: it is stopped by forgetting the restart. */
async function cancelRestart(context: ContainerContext, record: ContainerRecord): Promise<boolean> {
  if (record.state.status !== 'restarting') return false;
  using _lock = await context.locks.acquire(record.id);
  if (record.state.status !== 'restarting') return false;
  context.restarts.cancel(record.id);
  dropRestart(record);
  context.table.saveStatus(record);
  return true;
}

/** @param timeoutSeconds -1 waits for ever. @returns whether the exit has been booked */
async function signalAndWait(
  context: ContainerContext,
  record: ContainerRecord,
  signal: number,
  timeoutSeconds: number,
): Promise<boolean> {
  const timeout = timeoutSeconds < 0 ? AbortSignal.any([]) : AbortSignal.timeout(timeoutSeconds * 1000);
  const exited = context.waiters.wait(record.id, 'exit', timeout).then(
    () => true,
    () => false,
  );
  // Booked between the caller's look and the registration above.
  if (!isLive(record)) {
    context.waiters.wake(record.id, 'exit', { exitCode: record.state.exitCode });
    return true;
  }
  await sendSignal(context, record, signal);
  return exited;
}

/** A frozen process takes no signal, on cgroup v1 not even SIGKILL; on other kernels it is dead by now. */
async function thaw(context: ContainerContext, record: ContainerRecord): Promise<void> {
  using _lock = await context.locks.acquire(record.id);
  if (record.state.status !== 'paused') return;
  try {
    await resumeLocked(context, record, record.name);
  } catch (error) {
    context.log.debug('killed container not thawed', { container: record.id, error: messageOf(error) });
  }
}

async function sendSignal(context: ContainerContext, record: ContainerRecord, signal: number): Promise<void> {
  // Told first: the exit may be booked before the call below has come back.
  emitContainerEvent(context, record, 'kill', { signal: String(signal) });
  try {
    await context.runtime.kill(record.id, signal);
    if (record.state.status === 'paused' && signal === SIGKILL) await thaw(context, record);
  } catch (error) {
    // The process has gone and its exit is about to be booked: what the signal was for is done.
    if (findDhowError(error)?.reason !== 'not-running') throw error;
  }
}
