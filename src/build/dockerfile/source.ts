import { DhowError } from '#errors/error.ts';
import type { ErrorKind } from '#errors/kinds.ts';

/** Lines count from 1, columns from 0 in UTF-16 code units. */
export interface Position {
  line: number;
  column: number;
}

/** `end` is the position after the last character. */
export interface SourceRange {
  start: Position;
  end: Position;
}

/** A Dockerfile's text by line, without line ends, and the name under which messages mention it. */
export interface SourceText {
  name: string;
  lines: readonly string[];
}

/** A piece of a Dockerfile and where it stands. */
export interface Word {
  text: string;
  range: SourceRange;
}

const contextLines = 2;
const maxShownColumns = 200;

/** An error of the Dockerfile's author: position, message, and the lines around with the place marked. */
export function dockerfileError(
  source: SourceText,
  range: SourceRange,
  message: string,
  kind: ErrorKind = 'InvalidParameter',
): DhowError {
  const { line } = range.start;
  return new DhowError(kind, `${source.name}:${line}: ${message}\n\n${renderExcerpt(source, range)}`);
}

/**
 * The range's lines with two before and after. A range within one line is underlined; of one over several lines each is
 * marked at its left.
 */
export function renderExcerpt(source: SourceText, { start, end }: SourceRange): string {
  const first = Math.max(1, start.line - contextLines);
  const last = Math.min(source.lines.length, end.line + contextLines);
  const width = String(last).length;
  const rows: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = printable(source.lines[number - 1] ?? '');
    const inside = number >= start.line && number <= end.line;
    const marked = inside && start.line !== end.line;
    rows.push(`${marked ? '>' : ' '} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (inside && !marked)
      rows.push(underline(source.lines[number - 1] ?? '', start.column, end.column, width));
  }
  return rows.join('\n');
}

function underline(text: string, start: number, end: number, width: number): string {
  // Tabs stay tabs, so that the marker stands under the word whatever their width is.
  const before = printable(text.slice(0, start)).replace(/[^\t]/g, ' ');
  const length = Math.max(1, Math.min(end, text.length, maxShownColumns) - start);
  return `  ${' '.repeat(width)} | ${before}${'^'.repeat(length)}`;
}

/** Control characters would let a Dockerfile write on its reader's terminal. */
function printable(text: string): string {
  const shown = text.length > maxShownColumns ? `${text.slice(0, maxShownColumns)}…` : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return shown.replace(/\r$/, '').replace(/[\x00-\x08\x0a-\x1f\x7f]/g, '\u{fffd}');
}
