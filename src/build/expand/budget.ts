import { DhowError } from '#errors/error.ts';

/**
 * What the evaluation of one Dockerfile may cost. Each instruction is bounded by itself, but ten thousand of them could take hours
 * of the daemon and all its memory.
 */
export interface Budget {
  /** Characters of expanded text, or steps of matching patterns. @throws InvalidParameter */
  spend(steps: number): void;
  /** Variables, labels, ports and volumes that an instruction or a stage takes over, each an entry of its own. */
  spendEntries(count: number): void;
}

/** A second or two. */
const maxSteps = 20_000_000;
/** One takes as long as so many steps, and some memory. */
const stepsPerEntry = 10;

export function createBudget(): Budget {
  let left = maxSteps;
  function spend(steps: number): void {
    left -= steps;
    if (left >= 0) return;
    throw new DhowError('InvalidParameter', 'the variables of the Dockerfile take too long to expand');
  }
  return { spend, spendEntries: (count) => spend(count * stepsPerEntry) };
}
