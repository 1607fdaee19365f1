/**
 * The closed list of ways in which something can fail, shaped by what the caller can do about it and not by
 * where it happened. Each door (HTTP API, CLI, …) owns one exhaustive table from kind to its own code.
 */
export const errorKinds = [
  'InvalidParameter',
  'NotFound',
  'Conflict',
  'Unauthorized',
  'Forbidden',
  'Unsupported',
  'Unavailable',
  'ResourceExhausted',
  'DeadlineExceeded',
  'Cancelled',
  'DataLoss',
  'Internal',
] as const;

export type ErrorKind = (typeof errorKinds)[number];

/**
 * Machine-readable refinements of a kind, for callers that must tell two failures of one kind apart.
 * `executable-*` decide the exit codes 126 and 127 of `run`; `daemon-running` that of a daemon which another one keeps from starting.
 */
export const errorReasons = [
  'executable-not-found',
  'executable-not-runnable',
  'image-not-found',
  'container-not-found',
  'name-in-use',
  'port-in-use',
  'not-running',
  'daemon-running',
] as const;

export type ErrorReason = (typeof errorReasons)[number];
