import { type FlagKind, Flags } from '#build/dockerfile/flags.ts';
import type { Command } from '#build/dockerfile/instructions.ts';
import { parseStringArray } from '#build/dockerfile/json-form.ts';
import { dockerfileError, type SourceText, type Word } from '#build/dockerfile/source.ts';
import { type Piece, splitAtBlanks } from '#build/dockerfile/split-words.ts';
import type { InstructionNode } from '#build/dockerfile/tree.ts';

/** What a decoder of one kind of instruction works with. */
export interface DecodeContext {
  source: SourceText;
  escapeMark: string;
  node: InstructionNode;
}

/** The fields that all instructions have. */
export function commonOf({ node }: DecodeContext) {
  const { range, keyword, text, comments } = node;
  return { range, keyword, text, comments };
}

export function refuse({ source, node }: DecodeContext, message: string, range = node.range): Error {
  return dockerfileError(source, range, message);
}

export function flagsOf(
  { source, node }: DecodeContext,
  kinds: Readonly<Record<string, FlagKind>> = {},
): Flags {
  return new Flags(source, node, kinds);
}

export function wordOf({ node }: DecodeContext, piece: Piece): Word {
  return { text: piece.text, range: node.argument.rangeOf(piece.start, piece.end) };
}

/** The argument as a single word, blanks included. @throws InvalidParameter when there is none */
export function wholeArgument(context: DecodeContext): Word {
  const { text } = context.node.argument;
  if (text === '') throw refuse(context, `${context.node.name} needs an argument`);
  return wordOf(context, { text, start: 0, end: text.length });
}

/** Words of the exec form, or between blanks. @throws InvalidParameter */
export function listArgument(context: DecodeContext): Word[] {
  const { text, rangeOf } = context.node.argument;
  const json = parseStringArray(text);
  if (json.kind === 'not-strings') throw refuse(context, notStrings(context.node.name));
  if (json.kind === 'array')
    return json.items.map((item) => ({ text: item, range: rangeOf(0, text.length) }));
  return splitAtBlanks(text).map((piece) => wordOf(context, piece));
}

/** @param start where in the argument the command begins */
export function commandArgument(context: DecodeContext, start = 0): Command {
  const text = context.node.argument.text.slice(start).trim();
  const json = parseStringArray(text);
  if (json.kind === 'not-strings') throw refuse(context, notStrings(context.node.name));
  return json.kind === 'array' ? { form: 'exec', args: json.items } : { form: 'shell', text };
}

function notStrings(name: string): string {
  return `the exec form of ${name} must be a JSON array of strings, such as ["a", "b"]`;
}
