import type { CliContext } from '#cli/context.ts';
import { printFailure } from '#cli/output/failures.ts';

/** More at once would not be faster, and each holds a connection. */
const maximumAtOnce = 50;

type Action = (operand: string) => Promise<void>;

/**
 * Does the same to all operands at once and prints each one's name when it is done, or what went wrong, in the order of the
 * command line.
 *
 * @returns the exit code: 1 when one of them failed
 */
export const forEachAtOnce = (
  context: CliContext,
  operands: readonly string[],
  action: Action,
): Promise<number> => forEach(context, operands, action, maximumAtOnce);

/** The same one after the other, for what may depend on those before it: a container starts after those that it links to. */
export const forEachInOrder = (
  context: CliContext,
  operands: readonly string[],
  action: Action,
): Promise<number> => forEach(context, operands, action, 1);

async function forEach(
  context: CliContext,
  operands: readonly string[],
  action: Action,
  atOnce: number,
): Promise<number> {
  let code = 0;
  let next = 0;
  const started: Promise<unknown>[] = [];
  const begin = () => {
    const operand = operands[next++];
    if (operand === undefined) return;
    const done = action(operand);
    started.push(done);
    done.then(begin, begin);
  };
  for (let count = 0; count < atOnce; count++) begin();
  for (const [index, operand] of operands.entries()) {
    try {
      await started[index];
      context.stdout.write(`${operand}\n`);
    } catch (error) {
      if (context.signal.aborted) throw error;
      printFailure(context, error);
      code = 1;
    }
  }
  return code;
}
