import type { RestartPolicy } from '#engine/container-settings.ts';

/** Docker's back-off: 100 ms, doubled at each restart, at most one minute, forgotten after ten seconds of running. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
const STABLE_AFTER_MS = 10_000;

export interface RestartQuestion {
  policy: RestartPolicy;
  exitCode: number;
  /** Stopped or killed on a client's request. */
  stoppedByUser: boolean;
  /** Restarts since the last start by a client. */
  restartCount: number;
  ranForMs: number;
  /** Delay before the start that has ended; 0 if it was not a restart. */
  previousDelayMs: number;
}

/** Delay in milliseconds after which to start the container again, or undefined to leave it. */
export function restartDelay(question: RestartQuestion): number | undefined {
  const { policy, exitCode, stoppedByUser, restartCount, ranForMs, previousDelayMs } = question;
  if (stoppedByUser || policy.name === 'no') return undefined;
  if (policy.name === 'on-failure') {
    if (exitCode === 0) return undefined;
    if (policy.maximumRetryCount > 0 && restartCount >= policy.maximumRetryCount) return undefined;
  }
  if (previousDelayMs === 0 || ranForMs >= STABLE_AFTER_MS) return FIRST_DELAY_MS;
  return Math.min(previousDelayMs * 2, LONGEST_DELAY_MS);
}

/** Whether a daemon that starts should start this container, which is not running. */
export function startsWithDaemon(policy: RestartPolicy, stoppedByUser: boolean): boolean {
  return policy.name === 'always' || (policy.name === 'unless-stopped' && !stoppedByUser);
}
