import { findDhowError, kindOf, messageOf } from '#errors/error.ts';
import type { ErrorKind, ErrorReason } from '#errors/kinds.ts';
import type { ErrorResponse } from '#wire/errors.ts';

/** Docker's statuses. 499 is seen by nobody: the client that cancelled has gone. */
const statusOf = {
  InvalidParameter: 400,
  NotFound: 404,
  Conflict: 409,
  Unauthorized: 401,
  Forbidden: 403,
  Unsupported: 501,
  Unavailable: 503,
  ResourceExhausted: 507,
  DeadlineExceeded: 504,
  Cancelled: 499,
  DataLoss: 500,
  Internal: 500,
} satisfies Record<ErrorKind, number>;

/** Where Docker's status is not that of the kind: 404 is kept for things that the API has. */
const statusOfReason: Partial<Record<ErrorReason, number>> = { 'executable-not-found': 400 };

/** What any thrown value is on the wire. */
export function encodeError(error: unknown): { status: number; body: ErrorResponse } {
  const kind = kindOf(error);
  const reason = findDhowError(error)?.reason;
  return {
    status: (reason && statusOfReason[reason]) ?? statusOf[kind],
    body: { message: messageOf(error), kind, ...(reason === undefined ? {} : { reason }) },
  };
}
