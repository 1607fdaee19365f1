import type { CliContext } from '#cli/context.ts';
import { printFailure } from '#cli/output/failures.ts';
import { executeOnJson, parseFormat } from '#cli/output/format.ts';
import { indentJson } from '#cli/output/indent.ts';
import type { GoType } from '#cli/output/template/value.ts';
import { messageOf } from '#errors/error.ts';

/** An object as the daemon described it. */
export interface Inspected {
  readonly json: string;
  readonly type: GoType;
}

export const formatHelp = `Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`;

/**
 * Prints what the daemon knows of each name: an indented JSON array, with the format `json` a dense one, with a template a line
 * for each. What could be found is printed also when another name was not, or was refused by the template.
 *
 * @returns the exit code: 1 when anything failed, 64 when the template does not parse
 */
export async function inspectAll(
  context: CliContext,
  names: readonly string[],
  format: string | undefined,
  get: (name: string) => Promise<Inspected>,
): Promise<number> {
  const printer = createPrinter(format);
  if (typeof printer === 'string') {
    context.stderr.write(`${printer}\n`);
    return 64;
  }
  const failures: unknown[] = [];
  const outputs: string[] = [];
  for (const name of names) {
    try {
      const inspected = await get(name);
      outputs.push(printer.one(inspected));
    } catch (error) {
      if (context.signal.aborted) throw error;
      failures.push(error);
    }
  }
  context.stdout.write(printer.all(outputs));
  for (const failure of failures) printFailure(context, failure);
  return failures.length > 0 ? 1 : 0;
}

interface Printer {
  one(inspected: Inspected): string;
  all(outputs: readonly string[]): string;
}

function createPrinter(format: string | undefined): Printer | string {
  if (format === undefined || format === '') {
    return { one: ({ json }) => json, all: (outputs) => `${indentJson(`[${outputs.join(',')}]`)}\n` };
  }
  if (format === 'json')
    return { one: ({ json }) => json.trim(), all: (outputs) => `[${outputs.join(',')}]\n` };
  try {
    const template = parseFormat(format);
    return {
      one: ({ type, json }) => executeOnJson(template, type, json),
      all: (outputs) => `${outputs.join('\n')}\n`,
    };
  } catch (error) {
    return messageOf(error);
  }
}
