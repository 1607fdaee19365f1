import { findDhowError } from '#errors/error.ts';

/**
 * Docker's exit codes for a program that was never run: 127 not found, 126 not runnable.
 * @param otherwise for everything else: 128 of a container, 126 of an exec
 */
export function exitCodeOfFailure(error: unknown, otherwise: 126 | 128): number {
  const reason = findDhowError(error)?.reason;
  if (reason === 'executable-not-found') return 127;
  return reason === 'executable-not-runnable' ? 126 : otherwise;
}
