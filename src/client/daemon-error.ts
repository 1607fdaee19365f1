import { DhowError, decodeErrorKind } from '#errors/error.ts';
import { type ErrorKind, type ErrorReason, errorReasons } from '#errors/kinds.ts';
import type { ErrorResponse } from '#wire/errors.ts';

/** A refusal that the daemon sent, as opposed to a failure to talk to it. The message is the daemon's own. */
export class DaemonError extends DhowError {
  readonly status: number;

  constructor(status: number, kind: ErrorKind, message: string, reason?: ErrorReason) {
    super(kind, message, reason === undefined ? {} : { reason });
    this.status = status;
  }
}

const kindByStatus: Readonly<Record<number, ErrorKind>> = {
  400: 'InvalidParameter',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'Unsupported',
  409: 'Conflict',
  413: 'ResourceExhausted',
  429: 'ResourceExhausted',
  501: 'Unsupported',
  503: 'Unavailable',
  504: 'DeadlineExceeded',
  507: 'ResourceExhausted',
};

/** What a real Docker says only in words; Dhow's daemon sends the reason itself. */
const reasonByWords: readonly (readonly [RegExp, ErrorReason])[] = [
  [/no such image/i, 'image-not-found'],
  [/no such container/i, 'container-not-found'],
  [/container name .* is already in use/i, 'name-in-use'],
  [/port is already allocated|address already in use/i, 'port-in-use'],
  [/is not running/i, 'not-running'],
  [
    /executable file not found|no such file or directory|system cannot find the file specified/i,
    'executable-not-found',
  ],
  [/permission denied|is a directory/i, 'executable-not-runnable'],
];

/**
 * Reads the body of an answer with status 400 or above: `{ message, kind, reason }` from Dhow, `{ message }` from Docker (kind
 * and reason are then derived from the status and the words), or any text from a proxy in between. Never throws.
 */
export function decodeDaemonError(status: number, body: string): DaemonError {
  const response = parseErrorResponse(body);
  const message = response?.message || body.trim() || `the daemon answered with status ${status}`;
  const kind =
    response?.kind === undefined ? (kindByStatus[status] ?? 'Internal') : decodeErrorKind(response.kind);
  const reason =
    response?.kind === undefined
      ? reasonByWords.find(([words]) => words.test(message))?.[1]
      : errorReasons.find((known) => known === response.reason);
  return new DaemonError(status, kind, message, reason);
}

function parseErrorResponse(body: string): ErrorResponse | undefined {
  try {
    const value = JSON.parse(body) as Partial<ErrorResponse> | null;
    return typeof value?.message === 'string' ? (value as ErrorResponse) : undefined;
  } catch {
    return undefined;
  }
}
