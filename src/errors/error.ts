import { type ErrorKind, type ErrorReason, errorKinds } from '#errors/kinds.ts';

const brand: unique symbol = Symbol.for('dhow.error') as never;

export interface ErrorDetails {
  reason?: ErrorReason;
  cause?: unknown;
}

/**
 * The one error type that crosses a room's border. The message names the input that was refused and, where
 * there is one, the remedy; it is written for the user.
 */
export class DhowError extends Error {
  readonly [brand] = true;
  readonly kind: ErrorKind;
  readonly reason: ErrorReason | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = kind;
    this.kind = kind;
    this.reason = details.reason;
  }
}

/** Recognised by a registered symbol and not by `instanceof`: two copies of the library may be loaded. */
export function isDhowError(value: unknown): value is DhowError {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * The error that decides what a caller is told: the outermost DhowError of the cause chain. A SuppressedError
 * (thrown when an undo step fails as well) is judged by what it suppressed, which is the first failure.
 */
export function findDhowError(error: unknown): DhowError | undefined {
  for (let current = error, depth = 0; depth < 16; depth++) {
    if (isDhowError(current)) return current;
    if (current instanceof SuppressedError) current = current.suppressed;
    else if (current instanceof Error && current.cause !== undefined) current = current.cause;
    else return undefined;
  }
  return undefined;
}

/** Kind of any thrown value; what is not ours is `Cancelled` for an abort and else `Internal`, a bug. */
export function kindOf(error: unknown): ErrorKind {
  const known = findDhowError(error);
  if (known) return known.kind;
  if (error instanceof Error && error.name === 'AbortError') return 'Cancelled';
  return 'Internal';
}

/** The text of any thrown value, for a log line or as part of a larger message. */
export function messageOf(error: unknown): string {
  const known = findDhowError(error);
  if (known) return known.message;
  return error instanceof Error ? error.message : String(error);
}

/** An unknown kind from a newer peer becomes `Internal`; decoding never throws. */
export function decodeErrorKind(value: unknown): ErrorKind {
  return errorKinds.find((kind) => kind === value) ?? 'Internal';
}
