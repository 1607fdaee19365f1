import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { handleExecExit } from '#engine/containers/exec.ts';
import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { removeLocked } from '#engine/containers/remove-locked.ts';
import { restartDelay } from '#engine/containers/restart-policy.ts';
import { launch } from '#engine/containers/start.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { takeDown } from '#engine/containers/take-down.ts';
import { messageOf } from '#errors/error.ts';
import type { Exit } from '#runtime/runtime.ts';

/**
 * A process has ended: books the code, takes down what the container had in the kernel, and then removes it (`--rm`),
 * restarts it (restart policy) or leaves it. Each step is idempotent: after a crash in here it all runs again.
 */
export async function handleExit(context: ContainerContext, exit: Exit): Promise<void> {
  if (handleExecExit(context, exit)) {
    context.runtime.acknowledgeExit(exit.id);
    return;
  }
  const record = context.table.get(exit.id);
  if (record) {
    using _lock = await context.locks.acquire(record.id);
    // Not live: the start failed and has cleaned up itself, or the exit was booked before.
    if (isLive(record)) await bookExit(context, record, exit);
  }
  context.runtime.acknowledgeExit(exit.id);
}

/** The caller holds the lock. */
export async function bookExit(
  context: ContainerContext,
  record: ContainerRecord,
  exit: Exit,
): Promise<void> {
  if (!isLive(record) || !('startedAt' in record.state)) return;
  const { startedAt } = record.state;
  const ranForMs = exit.finishedAt.getTime() - startedAt.getTime();
  await takeDown(context, record);
  record.state = {
    status: 'exited',
    startedAt,
    finishedAt: exit.finishedAt,
    exitCode: exit.code,
    error: '',
    oomKilled: exit.oomKilled,
  };
  context.execs.removeOf(record.id);
  if (exit.oomKilled) emitContainerEvent(context, record, 'oom');
  emitContainerEvent(context, record, 'die', {
    exitCode: String(exit.code),
    execDuration: String(Math.max(0, Math.round(ranForMs / 1000))),
  });

  const { host } = record.settings;
  const keep = context.keepThroughExit.delete(record.id);
  if (host.autoRemove && !keep) {
    context.waiters.wake(record.id, 'exit', { exitCode: exit.code });
    await removeLocked(context, record, { volumes: true });
    return;
  }
  const delay = keep
    ? undefined
    : restartDelay({
        policy: host.restartPolicy,
        exitCode: exit.code,
        stoppedByUser: record.stoppedByUser,
        restartCount: record.restartCount,
        ranForMs,
        previousDelayMs: context.restarts.lastDelay(record.id),
      });
  if (delay !== undefined) scheduleRestart(context, record, delay);
  context.table.saveStatus(record);
  context.waiters.wake(record.id, 'exit', { exitCode: exit.code });
}

function scheduleRestart(context: ContainerContext, record: ContainerRecord, delayMs: number): void {
  const { state } = record;
  if (state.status !== 'exited') return;
  record.state = {
    status: 'restarting',
    pid: 0,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    exitCode: state.exitCode,
    error: '',
  };
  context.restarts.schedule(record.id, delayMs, async () => {
    using _lock = await context.locks.acquire(record.id);
    if (record.state.status !== 'restarting') return;
    record.restartCount += 1;
    record.state = state;
    try {
      await launch(context, record);
    } catch (error) {
      context.log.warn('restart failed', { container: record.id, error: messageOf(error) });
    }
  });
}
