import { zeroTime } from '#api/encode/timestamps.ts';
import type { ContainerHealth, ContainerState } from '#engine/containers.ts';
import type { InspectState } from '#wire/container-inspect.ts';
import { humanDuration } from '#wire/human-duration.ts';

/** The `STATUS` column of `docker ps`. */
export function statusText(state: ContainerState, now: Date, health?: ContainerHealth): string {
  const since = (date: Date): string => humanDuration(now.getTime() - date.getTime());
  switch (state.status) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${since(state.startedAt)}${health === undefined ? '' : ` (${healthText(health)})`}`;
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt ?? state.startedAt)} ago`;
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case 'dead':
      return 'Dead';
    case 'removing':
      return 'Removal In Progress';
  }
}

function healthText({ status }: ContainerHealth): string {
  return status === 'starting' ? 'health: starting' : status;
}

/** Inspect's `State`. A container that waits for its restart counts as running, as in Docker. */
export function encodeState(state: ContainerState, health?: ContainerHealth): InspectState {
  const { status } = state;
  const live = status === 'running' || status === 'paused';
  const startedAt = 'startedAt' in state ? state.startedAt.toISOString() : zeroTime;
  const finishedAt = 'finishedAt' in state && state.finishedAt ? state.finishedAt.toISOString() : zeroTime;
  return {
    Status: status,
    Running: live || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: 'oomKilled' in state && state.oomKilled,
    Dead: status === 'dead',
    Pid: live && 'pid' in state ? state.pid : 0,
    ExitCode: live ? 0 : state.exitCode,
    Error: state.error,
    StartedAt: startedAt,
    FinishedAt: finishedAt,
    ...(health === undefined ? {} : { Health: encodeHealth(health) }),
  };
}

function encodeHealth({
  status,
  failingStreak,
  results,
}: ContainerHealth): NonNullable<InspectState['Health']> {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: results.map(({ startedAt, finishedAt, exitCode, output }) => ({
      Start: startedAt.toISOString(),
      End: finishedAt.toISOString(),
      ExitCode: exitCode,
      Output: output,
    })),
  };
}
