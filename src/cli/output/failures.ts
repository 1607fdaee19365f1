import type { CliContext } from '#cli/context.ts';
import { DaemonError } from '#client/daemon-error.ts';
import { messageOf } from '#errors/error.ts';

/** Prints an error as `main.ts` prints one that a command throws, for commands that go on after it. */
export function printFailure(context: CliContext, error: unknown): void {
  context.stderr.write(`${describeFailure(error)}\n`);
}

/** What the daemon said is marked as such, so that nobody looks for the cause in the CLI. */
export function describeFailure(error: unknown): string {
  return error instanceof DaemonError ? `Error response from daemon: ${error.message}` : messageOf(error);
}

/**
 * Does the same to each operand, one after the other, and goes on after a failure.
 * @returns the exit code: 1 when one of them failed
 */
export async function forEach(
  context: CliContext,
  operands: readonly string[],
  action: (operand: string) => Promise<void>,
): Promise<number> {
  let code = 0;
  for (const operand of operands) {
    try {
      await action(operand);
    } catch (error) {
      if (context.signal.aborted) throw error;
      printFailure(context, error);
      code = 1;
    }
  }
  return code;
}
