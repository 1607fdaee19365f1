import type { Listing } from '#cli/output/listing.ts';
import type { Template } from '#cli/output/template/parse.ts';
import { printResult } from '#cli/output/template/print.ts';

/** Text, or the name of a column that is shown in its place. */
export type PlainPart = { text: string } | { column: string };

/**
 * A template that is nothing but text and names of columns, as the tables are: it needs no evaluator, which takes a tenth of a millisecond
 * for each row of a list and some to be loaded.
 * @returns undefined for any other template
 */
export function plainParts<Row>(listing: Listing<Row>, { body }: Template): PlainPart[] | undefined {
  const parts: PlainPart[] = [];
  for (const statement of body) {
    if (statement.kind === 'text') {
      parts.push({ text: statement.text });
      continue;
    }
    if (statement.kind !== 'action') return undefined;
    const { commands, variables } = statement.pipeline;
    const operands = commands[0]?.operands ?? [];
    const [operand] = operands;
    if (commands.length !== 1 || variables.length > 0 || operands.length !== 1) return undefined;
    if (operand?.kind !== 'field' || operand.names.length !== 1) return undefined;
    const [column = ''] = operand.names;
    if (!Object.hasOwn(listing.columns, column)) return undefined;
    parts.push({ column });
  }
  return parts;
}

export function printPlainRow<Row>(listing: Listing<Row>, parts: readonly PlainPart[], row: Row): string {
  return printPlain(parts, (name) => {
    const value = listing.columns[name]?.value(row);
    return typeof value === 'string' ? value : printResult(value);
  });
}

export function printPlainHeader<Row>(listing: Listing<Row>, parts: readonly PlainPart[]): string {
  return printPlain(parts, (name) => listing.columns[name]?.title ?? '');
}

function printPlain(parts: readonly PlainPart[], cell: (column: string) => string): string {
  let line = '';
  for (const part of parts) line += 'text' in part ? part.text : cell(part.column);
  return line;
}
