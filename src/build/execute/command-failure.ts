import { renderExcerpt } from '#build/dockerfile/source.ts';
import type { RunStep } from '#build/steps.ts';
import { DhowError } from '#errors/error.ts';
import { type Digest, hexOf } from '#image/digest.ts';

/** A command that ran and did not end well. Its first line has the words by which Docker's clients know it. */
export class CommandFailure extends DhowError {
  readonly exitCode: number;

  /** @param kept the image that has what the command left. @param hint what may help */
  constructor(
    step: RunStep,
    { exitCode, oomKilled }: { exitCode: number; oomKilled: boolean },
    { kept, hint }: { kept: Digest | undefined; hint: string | undefined },
  ) {
    const command = step.args.join(' ');
    const shown = command.length > 500 ? `${command.slice(0, 500)}…` : command;
    const why = oomKilled ? ' (it was out of memory)' : '';
    super(
      'InvalidParameter',
      `The command '${shown}' returned a non-zero code: ${exitCode}${why}\n\n` +
        `${step.source.name}:${step.range.start.line}\n${renderExcerpt(step.source, step.range)}` +
        (hint === undefined ? '' : `\n\n${hint}`) +
        (kept === undefined ? '' : `\n\nWhat it left is an image: run --rm -it ${hexOf(kept).slice(0, 12)}`),
    );
    this.exitCode = exitCode;
  }
}
