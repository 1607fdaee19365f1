import type { Command } from '#cli/command.ts';
import { UsageError } from '#cli/usage-error.ts';

/** @param name as typed. @throws UsageError (exit code 1) in Docker's words */
export function checkOperands(name: string, command: Command, count: number): void {
  const { min = 0, max = Number.POSITIVE_INFINITY } = command.operands;
  if (count >= min && count <= max) return;
  const plural = (number: number) => (number === 1 ? '1 argument' : `${number} arguments`);
  let rule: string;
  if (max === 0) rule = 'accepts no arguments';
  else if (min === max) rule = `requires ${plural(min)}`;
  else if (max === Number.POSITIVE_INFINITY) rule = `requires at least ${plural(min)}`;
  else if (min === 0) rule = `requires at most ${plural(max)}`;
  else rule = `requires at least ${min} and at most ${plural(max)}`;
  throw new UsageError(`'dhow ${name}' ${rule}`, 1);
}
