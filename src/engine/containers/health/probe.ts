import type { EffectiveProcess } from '#engine/containers.ts';

/** How to find out whether a container does its work. */
export interface HealthProbe {
  command: string[];
  /** From the end of a probe to the next one. */
  intervalMs: number;
  timeoutMs: number;
  /** Failures so soon after the start do not count. */
  startPeriodMs: number;
  /** The interval until the first success in the start period. */
  startIntervalMs: number;
  /** So many failures in a row make it unhealthy. */
  retries: number;
}

const nanosecondsPerMs = 1_000_000;

/** A health check with Docker's defaults. undefined for none. */
export function probeOf({ healthcheck, shell }: EffectiveProcess): HealthProbe | undefined {
  const [type, ...words] = healthcheck?.Test ?? [];
  if (healthcheck === undefined || type === undefined || type === 'NONE' || type === '') return undefined;
  const ms = (nanoseconds: number | undefined, otherwise: number): number =>
    nanoseconds ? Math.max(1, Math.round(nanoseconds / nanosecondsPerMs)) : otherwise;
  return {
    command: type === 'CMD-SHELL' ? [...(shell ?? ['/bin/sh', '-c']), ...words] : words,
    intervalMs: ms(healthcheck.Interval, 30_000),
    timeoutMs: ms(healthcheck.Timeout, 30_000),
    startPeriodMs: ms(healthcheck.StartPeriod, 0),
    startIntervalMs: ms(healthcheck.StartInterval, 5_000),
    retries: healthcheck.Retries || 3,
  };
}
