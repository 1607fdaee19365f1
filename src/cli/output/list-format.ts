import type { CliContext } from '#cli/context.ts';
import { type Option, text } from '#cli/options.ts';

/** `--format` of the list commands. */
export const listFormat: Option<string | undefined> = text({
  help: `Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`,
});

export interface FormatChoice {
  readonly given: string | undefined;
  /** The user's own default, from `config.json`. */
  readonly configured: string | undefined;
  readonly quiet: boolean;
  readonly table: string;
  readonly raw: string | undefined;
  /** `--quiet` also wins over a template of the user's, with a warning. */
  readonly quietWins?: boolean;
  /** What `--quiet` prints of a row. */
  readonly quietFormat: string;
  /** The same in the format `raw`. */
  readonly quietRaw: string;
}

/** The format that a list is printed in: `table` alone means the usual table. */
export function chooseFormat(context: CliContext, choice: FormatChoice): string {
  const format = choice.given || (choice.quiet ? '' : choice.configured) || 'table';
  if (choice.quiet && format === 'table') return choice.quietFormat;
  if (choice.quiet && format === 'raw' && choice.raw !== undefined) return choice.quietRaw;
  if (choice.quiet && choice.quietWins === true) {
    context.stderr.write('WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
    return choice.quietFormat;
  }
  if (format === 'table') return choice.table;
  if (format === 'raw' && choice.raw !== undefined) return choice.raw;
  return format;
}
