import { commonOf, type DecodeContext, flagsOf, refuse, wordOf } from '#build/dockerfile/decode/context.ts';
import type { ArgInstruction, PairsInstruction } from '#build/dockerfile/instructions.ts';
import type { Word } from '#build/dockerfile/source.ts';
import { type Piece, splitQuoted } from '#build/dockerfile/split-words.ts';

/** ENV and LABEL: `key=value …`, or the old `key rest of the line`. */
export function decodePairs(context: DecodeContext, type: 'ENV' | 'LABEL'): PairsInstruction {
  flagsOf(context);
  const { text } = context.node.argument;
  const pieces = splitQuoted(text, context.escapeMark);
  const [first] = pieces;
  if (first === undefined) throw refuse(context, `${type} needs key=value`);
  const common = { ...commonOf(context), type };
  if (!first.text.includes('=')) {
    const match = /^(\S+)\s+([\s\S]+)$/.exec(text);
    if (match === null)
      throw refuse(context, `${type} "${first.text.slice(0, 64)}" has no value: write ${type} key=value`);
    const [, key = '', value = ''] = match;
    const pair = {
      key: wordOf(context, { text: key, start: 0, end: key.length }),
      value: wordOf(context, { text: value, start: text.length - value.length, end: text.length }),
    };
    return { ...common, pairs: [pair], legacy: true };
  }
  const pairs = pieces.map((piece) => {
    const { name, value } = splitAtEquals(context, piece);
    if (value === undefined) {
      throw refuse(
        context,
        `"${piece.text.slice(0, 64)}" is not of the form key=value; a value with blanks needs quotes`,
        name.range,
      );
    }
    if (name.text === '') throw refuse(context, `${type} has a value without a name`, value.range);
    return { key: name, value };
  });
  return { ...common, pairs, legacy: false };
}

export function decodeArg(context: DecodeContext): ArgInstruction {
  flagsOf(context);
  const pieces = splitQuoted(context.node.argument.text, context.escapeMark);
  if (pieces.length === 0) throw refuse(context, 'ARG needs a name: ARG name or ARG name=value');
  const args = pieces.map((piece) => {
    const { name, value } = splitAtEquals(context, piece);
    if (name.text === '') throw refuse(context, 'ARG has a value without a name', name.range);
    return value === undefined ? { name } : { name, value };
  });
  return { ...commonOf(context), type: 'ARG', args };
}

function splitAtEquals(context: DecodeContext, piece: Piece): { name: Word; value?: Word } {
  const equals = piece.text.indexOf('=');
  if (equals === -1) return { name: wordOf(context, piece) };
  const middle = Math.min(piece.start + equals, piece.end);
  return {
    name: wordOf(context, { text: piece.text.slice(0, equals), start: piece.start, end: middle }),
    value: wordOf(context, {
      text: piece.text.slice(equals + 1),
      start: Math.min(middle + 1, piece.end),
      end: piece.end,
    }),
  };
}
