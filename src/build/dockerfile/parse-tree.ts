import { decodeText } from '#build/dockerfile/decode-text.ts';
import { type EscapeCharacter, readDirectives } from '#build/dockerfile/directives.ts';
import { findHeredocMarks, type Heredoc, readHeredoc } from '#build/dockerfile/heredoc.ts';
import {
  findInstructionName,
  type InstructionName,
  instructionNames,
} from '#build/dockerfile/instruction-names.ts';
import { parseStringArray } from '#build/dockerfile/json-form.ts';
import {
  type LineCursor,
  type LogicalLine,
  rangeIn,
  readLogicalLine,
  wholeRange,
} from '#build/dockerfile/logical-line.ts';
import { dockerfileError, type SourceText } from '#build/dockerfile/source.ts';
import { splitFlags } from '#build/dockerfile/split-words.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import type { Argument, FlagNode, InstructionNode, SyntaxTree } from '#build/dockerfile/tree.ts';
import { DhowError } from '#errors/error.ts';

/** A Dockerfile with more instructions than this is hostile: no image takes as many layers. */
const maxInstructions = 10_000;

const heredocInstructions: ReadonlySet<InstructionName> = new Set(['ADD', 'COPY', 'RUN']);

/**
 * Bytes to syntax tree, as the Dockerfile reference and BuildKit's reading of it have it: directives, comments, continued
 * lines, heredocs, flags.
 * @throws InvalidParameter that names file and line and shows the place
 */
export function parseTree(name: string, bytes: Uint8Array): SyntaxTree {
  const source = decodeText(name, bytes);
  const directives = readDirectives(source);
  const cursor: LineCursor = { source, next: directives.lineCount };
  const nodes: InstructionNode[] = [];
  for (;;) {
    const line = readLogicalLine(cursor, directives.escape);
    if (line === undefined) break;
    if (nodes.length === maxInstructions) {
      throw dockerfileError(source, wholeRange(line), `more than ${maxInstructions} instructions`);
    }
    nodes.push(parseNode(cursor, line));
  }
  return { source, directives, nodes };
}

/** One instruction on its own, as a trigger of ONBUILD has it. @throws InvalidParameter as `parseTree` */
export function parseSingle(name: string, text: string, escapeMark: EscapeCharacter): SyntaxTree {
  const source: SourceText = { name, lines: text.split('\n') };
  const cursor: LineCursor = { source, next: 0 };
  const line = readLogicalLine(cursor, escapeMark);
  if (line === undefined) throw new DhowError('InvalidParameter', `${name} has no instruction`);
  const node = parseNode(cursor, line);
  const more = readLogicalLine(cursor, escapeMark);
  if (more !== undefined)
    throw dockerfileError(source, wholeRange(more), 'only one instruction may stand here');
  return { source, directives: { escape: escapeMark, lineCount: 0 }, nodes: [node] };
}

function parseNode(cursor: LineCursor, line: LogicalLine): InstructionNode {
  const { source } = cursor;
  const word = /^\s*\S+/.exec(line.text)?.[0] ?? '';
  const keywordStart = word.length - word.trimStart().length;
  const keyword = { text: word.trim(), range: rangeIn(line, keywordStart, word.length) };
  const name = findInstructionName(keyword.text);
  if (name === undefined) {
    const hint = didYouMean(keyword.text, instructionNames);
    throw dockerfileError(source, keyword.range, `unknown instruction "${keyword.text.slice(0, 64)}"${hint}`);
  }
  const { flags, rest } = splitFlags(line.text.slice(word.length));
  const restStart = word.length + rest.start;
  const argument: Argument = {
    text: rest.text,
    rangeOf: (start, end) => rangeIn(line, restStart + start, restStart + end),
  };
  return {
    name,
    keyword,
    flags: flags.map(({ text, start, end }): FlagNode => {
      const equals = text.indexOf('=');
      return {
        name: equals === -1 ? text.slice(2) : text.slice(2, equals),
        value: equals === -1 ? undefined : text.slice(equals + 1),
        range: rangeIn(line, word.length + start, word.length + end),
      };
    }),
    argument,
    heredocs: readHeredocs(cursor, line, name, argument),
    range: wholeRange(line),
    text: line.text.trim(),
    comments: line.comments,
    emptyContinuations: line.emptyContinuations,
  };
}

function readHeredocs(
  cursor: LineCursor,
  line: LogicalLine,
  name: InstructionName,
  argument: Argument,
): Heredoc[] {
  if (!argument.text.includes('<<') || !takesHeredocs(name, argument.text)) return [];
  return findHeredocMarks(argument.text).flatMap((mark) => {
    const heredoc = readHeredoc(cursor, mark);
    if (heredoc !== undefined) return [heredoc];
    if (mark.spaced) return [];
    const name = mark.name.slice(0, 64);
    throw dockerfileError(
      cursor.source,
      wholeRange(line),
      `the heredoc "${name}" is not closed: a line must be ${name} and nothing else`,
    );
  });
}

function takesHeredocs(name: InstructionName, text: string): boolean {
  if (name === 'ONBUILD') {
    const inner = /^(\S+)\s+([\s\S]*)$/.exec(text);
    const innerName = inner && findInstructionName(inner[1] ?? '');
    if (!innerName || innerName === 'ONBUILD') return false;
    return takesHeredocs(innerName, splitFlags(inner[2] ?? '').rest.text);
  }
  return heredocInstructions.has(name) && parseStringArray(text).kind !== 'array';
}
