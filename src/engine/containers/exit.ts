import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { handleExecExit } from '#engine/containers/exec.ts';
import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { removeLocked } from '#engine/containers/remove-locked.ts';
import { restartDelay } from '#engine/containers/restart-policy.ts';
import { waitingForRestart } from '#engine/containers/restarting-state.ts';
import { scheduleRestart } from '#engine/containers/scheduled-restart.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { takeDown } from '#engine/containers/take-down.ts';
import { messageOf } from '#errors/error.ts';
import type { Exit } from '#runtime/runtime.ts';

/** How long after a failure, for want of space above all, an exit is booked again. */
const bookAgainMs = 2000;

/** Handles an exit, and again as long as that fails: clients wait for it. */
export async function handleExitAtLast(context: ContainerContext, exit: Exit): Promise<void> {
  try {
    await handleExit(context, exit);
  } catch (error) {
    context.log.error('exit not booked yet', { id: exit.id, error: messageOf(error) });
    setTimeout(() => void handleExitAtLast(context, exit), bookAgainMs).unref();
  }
}

/**
 * A process has ended: books the code, takes down what the container had in the kernel, and then removes it (`--rm`),
 * restarts it (restart policy) or leaves it. Each step is idempotent: after a crash in here it all runs again.
 */
async function handleExit(context: ContainerContext, exit: Exit): Promise<void> {
  if (handleExecExit(context, exit)) {
    context.runtime.acknowledgeExit(exit.id);
    return;
  }
  const record = context.table.get(exit.id);
  if (record) {
    using _lock = await context.locks.acquire(record.id);
    // Not live: the start failed and has cleaned up itself, or the exit was booked before.
    if (isLive(record)) await bookExit(context, record, exit);
    else if (isBeingRemoved(record)) await removeLocked(context, record, { volumes: true });
  }
  context.runtime.acknowledgeExit(exit.id);
}

/** After its exit with `--rm`, and that failed before. */
function isBeingRemoved({ settings, state }: ContainerRecord): boolean {
  return settings.host.autoRemove && (state.status === 'exited' || state.status === 'removing');
}

/** The kernel has killed a process of the container, which may go on without it. */
export function tellOom(context: ContainerContext, id: string): void {
  const record = context.table.get(id);
  if (!record || !isLive(record)) return;
  context.oomTold.add(id);
  emitContainerEvent(context, record, 'oom');
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
  const exited = {
    status: 'exited' as const,
    startedAt,
    finishedAt: exit.finishedAt,
    exitCode: exit.code,
    error: exit.failure ?? '',
    oomKilled: exit.oomKilled,
  };
  const { autoRemove, restartPolicy } = record.settings.host;
  const keep = context.keepThroughExit.delete(record.id);
  const delay =
    keep || autoRemove
      ? undefined
      : restartDelay({
          policy: restartPolicy,
          exitCode: exit.code,
          stoppedByUser: record.stoppedByUser,
          restartCount: record.restartCount,
          ranForMs,
          previousDelayMs: context.restarts.lastDelay(record.id),
        });
  const next = delay === undefined ? exited : waitingForRestart(exited);
  // On disk first: what the monitor kept of the exit goes with the rest. In memory last: where an exit shows, names and ports are free.
  context.table.saveStatus({ ...record, state: next });
  context.health.stop(record.id);
  let isDown = true;
  try {
    await takeDown(context, record);
  } catch (error) {
    isDown = false;
    // The exit is a fact all the same, and there are those who wait for it; a removal tries again.
    context.log.error('container not taken down', { container: record.id, error: messageOf(error) });
  }
  // A client may have asked for a stop meanwhile.
  record.state = record.stoppedByUser ? exited : next;
  context.execs.forgetUnstarted(record.id);
  const oomTold = context.oomTold.delete(record.id);
  if (exit.oomKilled && !oomTold) emitContainerEvent(context, record, 'oom');
  emitContainerEvent(context, record, 'die', {
    exitCode: String(exit.code),
    execDuration: String(Math.max(0, Math.round(ranForMs / 1000))),
  });

  if (autoRemove && !keep) {
    context.waiters.wake(record.id, 'exit', { exitCode: exit.code });
    await removeLocked(context, record, { volumes: true, isDown });
    return;
  }
  if (delay !== undefined && record.state === next) scheduleRestart(context, record, delay);
  if (record.state !== next || delay !== undefined) context.table.saveStatus(record);
  context.waiters.wake(record.id, 'exit', { exitCode: exit.code });
}
