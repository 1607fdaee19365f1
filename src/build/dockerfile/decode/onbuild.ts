import { commonOf, type DecodeContext, flagsOf, refuse } from '#build/dockerfile/decode/context.ts';
import { findInstructionName, instructionNames } from '#build/dockerfile/instruction-names.ts';
import type { OnbuildInstruction } from '#build/dockerfile/instructions.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';

const forbidden = new Set(['ONBUILD', 'FROM', 'MAINTAINER']);

/** The trigger is checked as an instruction of its own by the caller. */
export function decodeOnbuild(context: DecodeContext): OnbuildInstruction {
  flagsOf(context);
  const { argument, heredocs } = context.node;
  const word = /^\S*/.exec(argument.text)?.[0] ?? '';
  if (word === '') throw refuse(context, 'ONBUILD needs an instruction');
  const range = argument.rangeOf(0, word.length);
  const name = findInstructionName(word);
  if (name === undefined) {
    throw refuse(
      context,
      `unknown instruction "${word.slice(0, 64)}" after ONBUILD${didYouMean(word, instructionNames)}`,
      range,
    );
  }
  if (forbidden.has(name)) throw refuse(context, `${name} cannot be a trigger of ONBUILD`, range);
  const trigger = [argument.text, ...heredocs.map((heredoc) => heredoc.content + heredoc.name)].join('\n');
  return { ...commonOf(context), type: 'ONBUILD', trigger };
}
