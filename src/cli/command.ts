import type { CliContext } from '#cli/context.ts';
import type { OptionTable, OptionValues } from '#cli/options.ts';

/**
 * One command of the CLI: what it takes and what it does. A command is one file that exports `command`; its names and its
 * summary stand in `registry.ts`, so that finding a command and printing an overview load no command's code.
 *
 *   export const command = defineCommand({
 *     usage: ['[OPTIONS] CONTAINER [CONTAINER...]'],
 *     operands: { min: 1 },
 *     options: { force: flag({ short: 'f', help: 'Force the removal' }) },
 *     async run(context, { options, operands }) { …; return 0; },
 *   });
 *
 * `run` answers with the exit code. A thrown DhowError is printed by `main.ts` and becomes exit code 1, or `failureCode`.
 */
export interface Command<Table extends OptionTable = OptionTable> {
  /** What follows the command's name; one line for each form. */
  readonly usage: readonly string[];
  readonly operands: { readonly min?: number; readonly max?: number };
  readonly options: Table;
  /** false: the first operand ends the options, and the rest belongs to somebody else (`run`, `exec`). Default: true. */
  readonly interspersed?: boolean;
  /** Exit code of a failure before any process ran: 125 for `run`. Default: 1. */
  readonly failureCode?: number;
  /** Exit codes 126 and 127 tell that the program in the container cannot be executed or is not there. */
  readonly startsProcess?: boolean;
  /** More text for `--help`, after the options. */
  readonly notes?: string;
  /** Commands within this one, which stand behind its own options. */
  readonly verbs?: Verbs;
  run(context: CliContext, input: CommandInput<Table>): Promise<number>;
}

export interface Verbs {
  readonly entries: readonly {
    readonly names: readonly string[];
    readonly summary: string;
    load(): Promise<{ command: Command }>;
  }[];
  /** What a `SERVICE` operand may be, for shells. `words` are the options in front of the verb. */
  services(context: CliContext, words: readonly string[]): readonly string[];
}

export interface CommandInput<Table extends OptionTable = OptionTable> {
  readonly options: OptionValues<Table>;
  /** Long names of the options that stood on the command line. */
  readonly given: ReadonlySet<string>;
  readonly operands: readonly string[];
}

/** Checks a command's types and hides its option table, so that all commands are of one type. */
export function defineCommand<const Table extends OptionTable>(command: Command<Table>): Command {
  return command as Command;
}
