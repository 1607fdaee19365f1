import { kindOf } from '#errors/error.ts';
import type { ErrorKind } from '#errors/kinds.ts';

/** The user gave up, logs in and comes back, or the connection was cut. After anything else a retry would end the same way. */
const passing: ReadonlySet<ErrorKind> = new Set([
  'Cancelled',
  'Unavailable',
  'DeadlineExceeded',
  'Unauthorized',
  'Forbidden',
]);

/** Whether a later attempt may go on where a pull failed, so that what is on disk already should stay for it. */
export function mayBeResumed(failure: unknown): boolean {
  return passing.has(kindOf(failure));
}
