import { findDhowError } from '#errors/error.ts';

/** Docker's exit codes for a program that was never run: 127 not found, 126 not runnable, 128 for everything else. */
export function exitCodeOfFailure(error: unknown): number {
  const reason = findDhowError(error)?.reason;
  if (reason === 'executable-not-found') return 127;
  return reason === 'executable-not-runnable' ? 126 : 128;
}
