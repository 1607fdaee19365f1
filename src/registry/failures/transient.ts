import type { DhowError } from '#errors/error.ts';

/** A failure that another attempt may mend. It stays inside this room: what leaves it is `failure`. */
export class TransientFailure extends Error {
  readonly failure: DhowError;
  /** How long the server asked us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(failure: DhowError, retryAfterMs?: number) {
    super(failure.message, { cause: failure });
    this.name = 'TransientFailure';
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What a caller outside the room is to see. */
export function settle(error: unknown): unknown {
  return error instanceof TransientFailure ? error.failure : error;
}
