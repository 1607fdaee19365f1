import type { ContainerRecord } from '#engine/containers/table.ts';
import type { ContainerState } from '#engine/containers.ts';

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
