import type { EscapeCharacter } from '#build/dockerfile/directives.ts';
import type { SourceRange, SourceText } from '#build/dockerfile/source.ts';

/** An instruction's text with its continuation lines joined, and the way back to where each character stood. */
export interface LogicalLine {
  text: string;
  startLine: number;
  /** The last line that belongs to it, without heredocs. */
  endLine: number;
  /** Blank lines inside, which BuildKit warns of. */
  emptyContinuations: number[];
  /** The comment block directly above. */
  comments: string[];
  /** `offset` in `text` at which a piece of a line of the source begins. */
  pieces: { offset: number; line: number; column: number }[];
}

/** Walks over the lines of a Dockerfile. */
export interface LineCursor {
  readonly source: SourceText;
  /** Index of the next line. */
  next: number;
  /** See `isClosed` of heredocs. */
  lastMarks?: ReadonlyMap<string, number>;
}

/** @returns the next instruction's line, or undefined at the end of the file. */
export function readLogicalLine(cursor: LineCursor, escapeMark: EscapeCharacter): LogicalLine | undefined {
  let comments: string[] = [];
  for (;;) {
    const raw = takeLine(cursor);
    if (raw === undefined) return undefined;
    const comment = commentOf(raw);
    if (comment !== undefined) {
      comments.push(comment);
      continue;
    }
    const text = raw.trimStart();
    if (text === '') {
      comments = [];
      continue;
    }
    return joinContinuations(cursor, escapeMark, raw, comments);
  }
}

function joinContinuations(
  cursor: LineCursor,
  escapeMark: EscapeCharacter,
  firstLine: string,
  comments: string[],
): LogicalLine {
  const column = firstLine.length - firstLine.trimStart().length;
  const startLine = cursor.next;
  const pieces = [{ offset: 0, line: startLine, column }];
  const texts: string[] = [];
  const emptyContinuations: number[] = [];
  let length = 0;
  let { text, continued } = splitContinuation(firstLine.slice(column), escapeMark);
  texts.push(text);
  length += text.length;
  let endLine = startLine;
  while (continued) {
    const raw = takeLine(cursor);
    if (raw === undefined) break;
    if (commentOf(raw) !== undefined) continue;
    if (raw.trim() === '') {
      emptyContinuations.push(cursor.next);
      continue;
    }
    ({ text, continued } = splitContinuation(raw, escapeMark));
    pieces.push({ offset: length, line: cursor.next, column: 0 });
    texts.push(text);
    length += text.length;
    endLine = cursor.next;
  }
  return { text: texts.join(''), startLine, endLine, emptyContinuations, comments, pieces };
}

/** The escape character at the end of a line joins it with the next one, blanks after it do not count; twice it is no mark. */
function splitContinuation(line: string, escapeMark: EscapeCharacter): { text: string; continued: boolean } {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--;
  if (end === 0 || line[end - 1] !== escapeMark || line[end - 2] === escapeMark)
    return { text: line, continued: false };
  return { text: line.slice(0, end - 1), continued: true };
}

function takeLine(cursor: LineCursor): string | undefined {
  const line = cursor.source.lines[cursor.next];
  if (line === undefined) return undefined;
  cursor.next++;
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function commentOf(line: string): string | undefined {
  const text = line.trimStart();
  return text.startsWith('#') ? text.slice(1).trim() : undefined;
}

/** Where the characters from `start` to `end` (exclusive) of the joined text stand in the file. */
export function rangeIn(line: LogicalLine, start: number, end: number): SourceRange {
  const from = positionIn(line, start);
  const last = positionIn(line, Math.max(start, end - 1));
  return { start: from, end: { line: last.line, column: last.column + (end > start ? 1 : 0) } };
}

/** The instruction from its first to its last line. */
export function wholeRange(line: LogicalLine): SourceRange {
  return rangeIn(line, 0, line.text.trimEnd().length);
}

function positionIn(line: LogicalLine, offset: number): { line: number; column: number } {
  const { pieces } = line;
  // The last piece that begins no later. By halves: an instruction may have as many words as it has pieces.
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pieces[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low] ?? { offset: 0, line: line.startLine, column: 0 };
  return { line: piece.line, column: piece.column + offset - piece.offset };
}
