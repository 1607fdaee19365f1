import type { HealthProbe } from '#engine/containers/health/probe.ts';
import type { ContainerHealth, ProbeResult } from '#engine/containers.ts';

/** Docker keeps as many. */
const maxResults = 5;

export const startingHealth: ContainerHealth = { status: 'starting', failingStreak: 0, results: [] };

/**
 * A container's health after one more result. A success makes it healthy at once; as many failures in a row as there are retries make it
 * unhealthy, except that those of the start period do not count until the first success.
 * @param inStartPeriod whether the probe began in it
 */
export function judge(
  before: ContainerHealth,
  result: ProbeResult,
  { retries }: Pick<HealthProbe, 'retries'>,
  inStartPeriod: boolean,
): ContainerHealth {
  const results = [...before.results, result].slice(-maxResults);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, results };
  if (inStartPeriod && before.status === 'starting') return { ...before, results };
  const failingStreak = before.failingStreak + 1;
  return { status: failingStreak >= retries ? 'unhealthy' : before.status, failingStreak, results };
}
