import type { LineCursor } from '#build/dockerfile/logical-line.ts';
import { splitAtBlanks, splitQuoted } from '#build/dockerfile/split-words.ts';

/** A here-document: `<<EOF`, and the lines up to one that is `EOF`. */
export interface Heredoc {
  name: string;
  /** Variables in the content are expanded, which quotes around the name prevent. */
  expand: boolean;
  /** `<<-`: tabs at the beginning of lines, and before the end mark, do not count. */
  stripTabs: boolean;
  /** The descriptor of the shell's `3<<EOF`; 0 when not written. */
  descriptor: number;
  /** The lines as they stand in the file, tabs included. */
  content: string;
}

export type HeredocMark = Omit<Heredoc, 'content'>;

export interface FoundMark extends HeredocMark {
  /** `<< EOF`: in a shell's arithmetic that is a shift, so it counts only when the end mark is there. */
  spaced: boolean;
}

/** @returns undefined for a word that does not begin a heredoc */
export function parseHeredocMark(word: string): HeredocMark | undefined {
  const match = /^(\d{0,6})<<(-?)([^<]+)$/.exec(word);
  if (match === null) return undefined;
  const written = match[3] ?? '';
  const name = unquote(written);
  if (name === '' || /\s/.test(written)) return undefined;
  return {
    name,
    expand: name === written,
    stripTabs: match[2] === '-',
    descriptor: Number(match[1] ?? 0),
  };
}

/** All marks in a line; there may be several. Quoted ones are none. */
export function findHeredocMarks(line: string): FoundMark[] {
  return joinSpacedMarks(splitQuoted(line, '\\').map(({ text }) => text)).flatMap(({ word, spaced }) => {
    const mark = parseHeredocMark(word);
    return mark === undefined ? [] : [{ ...mark, spaced }];
  });
}

/** Whether a line is one mark and nothing else. */
export function isHeredocMark(line: string): boolean {
  const words = joinSpacedMarks(splitAtBlanks(line).map(({ text }) => text));
  return words.length === 1 && parseHeredocMark(words[0]?.word ?? '') !== undefined;
}

/** Makes one word of `<<` and the word that follows. */
export function joinSpacedMarks(words: readonly string[]): { word: string; spaced: boolean }[] {
  const joined: { word: string; spaced: boolean }[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const next = words[at + 1];
    const spaced = /^\d{0,6}<<-?$/.test(word) && next !== undefined;
    joined.push({ word: spaced ? word + next : word, spaced });
    if (spaced) at++;
  }
  return joined;
}

/**
 * Reads the content that follows the line of the mark.
 * @returns undefined, with nothing read, when the file ends before the end mark
 */
export function readHeredoc(cursor: LineCursor, mark: HeredocMark): Heredoc | undefined {
  if (!isClosed(cursor, mark)) return undefined;
  const content: string[] = [];
  for (;;) {
    const line = cursor.source.lines[cursor.next++] ?? '';
    if (keyOf(line, mark.stripTabs) === keyOf(mark.name, mark.stripTabs)) break;
    content.push(`${line}\n`);
  }
  const { name, expand, stripTabs, descriptor } = mark;
  return { name, expand, stripTabs, descriptor, content: content.join('') };
}

/** A file may be full of shifts that look like marks: it is looked through once for all of them. */
function isClosed(cursor: LineCursor, { name, stripTabs }: HeredocMark): boolean {
  cursor.lastMarks ??= new Map(
    cursor.source.lines.flatMap((line, index): [string, number][] => [
      [keyOf(line, false), index],
      [keyOf(line, true), index],
    ]),
  );
  return (cursor.lastMarks.get(keyOf(name, stripTabs)) ?? -1) >= cursor.next;
}

/** What lines that end the same heredoc have in common. */
function keyOf(line: string, stripTabs: boolean): string {
  const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
  return stripTabs ? `-${bare.replace(/^\t+/, '')}` : ` ${bare}`;
}

/** The content as a program sees it. */
export function heredocText(heredoc: Heredoc): string {
  return heredoc.stripTabs ? heredoc.content.replace(/^\t+/gm, '') : heredoc.content;
}

function unquote(word: string): string {
  return word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_all, single, double, escaped) =>
    double !== undefined ? double.replace(/\\(["\\$])/g, '$1') : (single ?? escaped),
  );
}
