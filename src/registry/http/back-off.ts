import { setTimeout as delay } from 'node:timers/promises';
import { DhowError } from '#errors/error.ts';
import { TransientFailure } from '#registry/failures/transient.ts';
import type { RegistryLimits } from '#registry/registry.ts';

export type BackOffLimits = Pick<
  RegistryLimits,
  'attempts' | 'backOffMs' | 'backOffCapMs' | 'retryAfterCapMs'
>;

/** Counts attempts that brought nothing and waits between them. */
export interface BackOff {
  /**
   * Waits before the next attempt, or throws the failure when there is none: it is not transient, the attempts are used
   * up, or the server wants a longer pause than we make.
   */
  afterFailure(error: unknown, signal: AbortSignal): Promise<void>;
  /** Something was achieved: the count begins anew. */
  reset(): void;
}

/** @param random from 0 to 1; spreads clients that failed at the same time */
export function createBackOff(limits: BackOffLimits, random: () => number = Math.random): BackOff {
  let failures = 0;
  return {
    async afterFailure(error, signal) {
      signal.throwIfAborted();
      if (!(error instanceof TransientFailure)) throw error;
      failures++;
      const { failure, retryAfterMs } = error;
      if (failures >= limits.attempts) throw failure;
      if (retryAfterMs !== undefined && retryAfterMs > limits.retryAfterCapMs) {
        throw new DhowError(
          failure.kind,
          `${failure.message} (try again in ${Math.ceil(retryAfterMs / 1000)} s)`,
          {
            cause: failure,
          },
        );
      }
      const full = Math.min(limits.backOffMs * 2 ** (failures - 1), limits.backOffCapMs);
      const pause = Math.max(full * (1 - random() / 2), retryAfterMs ?? 0);
      try {
        await delay(pause, undefined, { signal });
      } catch (cause) {
        signal.throwIfAborted();
        throw cause;
      }
    },
    reset() {
      failures = 0;
    },
  };
}

/** Runs `attempt` until it succeeds or the back-off gives up. */
export async function withRetries<Result>(
  limits: BackOffLimits,
  signal: AbortSignal,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const backOff = createBackOff(limits);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await backOff.afterFailure(error, signal);
    }
  }
}
