import type { ContainerContext } from '#engine/containers/parts.ts';
import { launch } from '#engine/containers/start.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { ContainerState } from '#engine/containers.ts';
import { messageOf } from '#errors/error.ts';

type ExitedState = Extract<ContainerState, { status: 'exited' | 'dead' }>;

/** The state of a container that exited and will be started again. */
export function waitingForRestart({ startedAt, finishedAt, exitCode }: ExitedState): ContainerState {
  return { status: 'restarting', pid: 0, startedAt, finishedAt, exitCode, error: '' };
}

/** Takes the restart that a container waits for from it: it has exited and stays so. */
export function dropRestart(record: ContainerRecord): void {
  if (record.state.status !== 'restarting') return;
  const { startedAt, finishedAt = startedAt, exitCode, error } = record.state;
  record.state = { status: 'exited', startedAt, finishedAt, exitCode, error, oomKilled: false };
}

/** Starts a container in state `restarting` after the delay, unless somebody takes the restart from it before. */
export function scheduleRestart(context: ContainerContext, record: ContainerRecord, delayMs: number): void {
  context.restarts.schedule(record.id, delayMs, async () => {
    using _lock = await context.locks.acquire(record.id);
    if (record.state.status !== 'restarting') return;
    record.restartCount += 1;
    dropRestart(record);
    try {
      await launch(context, record);
    } catch (error) {
      context.log.warn('restart failed', { container: record.id, error: messageOf(error) });
    }
  });
}
