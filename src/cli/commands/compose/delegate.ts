import type { Command } from '#cli/command.ts';
import type { CliContext } from '#cli/context.ts';
import { parseOptions } from '#cli/parse-options.ts';

/** Runs another command of this CLI as if its words had been typed. */
export function runWords(context: CliContext, command: Command, words: readonly string[]): Promise<number> {
  return command.run(
    context,
    parseOptions(command.options, words, { interspersed: command.interspersed ?? true }),
  );
}

/** The words of an option that may be absent, or be given several times. */
export function optionWords(name: string, values: readonly string[] | string | undefined): string[] {
  const given = values === undefined ? [] : [values].flat();
  return given.flatMap((value) => [`--${name}`, value]);
}
