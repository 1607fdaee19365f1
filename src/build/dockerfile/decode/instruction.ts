import {
  commandArgument,
  commonOf,
  type DecodeContext,
  flagsOf,
  listArgument,
  refuse,
  wholeArgument,
  wordOf,
} from '#build/dockerfile/decode/context.ts';
import { decodeCopy } from '#build/dockerfile/decode/copy.ts';
import { decodeFrom } from '#build/dockerfile/decode/from.ts';
import { decodeHealthcheck } from '#build/dockerfile/decode/healthcheck.ts';
import { decodeOnbuild } from '#build/dockerfile/decode/onbuild.ts';
import { decodeArg, decodePairs } from '#build/dockerfile/decode/pairs.ts';
import { decodeRun } from '#build/dockerfile/decode/run.ts';
import type { InstructionName } from '#build/dockerfile/instruction-names.ts';
import type { Instruction, ShellInstruction, WordsInstruction } from '#build/dockerfile/instructions.ts';
import { parseStringArray } from '#build/dockerfile/json-form.ts';
import { splitAtBlanks } from '#build/dockerfile/split-words.ts';

type Decoder = (context: DecodeContext) => Instruction;

const decoders = {
  ADD: (context) => decodeCopy(context, 'ADD'),
  ARG: decodeArg,
  CMD: (context) => command(context, 'CMD'),
  COPY: (context) => decodeCopy(context, 'COPY'),
  ENTRYPOINT: (context) => command(context, 'ENTRYPOINT'),
  ENV: (context) => decodePairs(context, 'ENV'),
  EXPOSE: decodeExpose,
  FROM: decodeFrom,
  HEALTHCHECK: decodeHealthcheck,
  LABEL: (context) => decodePairs(context, 'LABEL'),
  MAINTAINER: (context) => single(context, 'MAINTAINER'),
  ONBUILD: decodeOnbuild,
  RUN: decodeRun,
  SHELL: decodeShell,
  STOPSIGNAL: (context) => single(context, 'STOPSIGNAL'),
  USER: (context) => single(context, 'USER'),
  VOLUME: decodeVolume,
  WORKDIR: (context) => single(context, 'WORKDIR'),
} satisfies Record<InstructionName, Decoder>;

/** Syntax to meaning, one instruction. @throws InvalidParameter that shows the place; Unsupported for RUN --device */
export function decodeInstruction(context: DecodeContext): Instruction {
  return decoders[context.node.name](context);
}

function command(context: DecodeContext, type: 'CMD' | 'ENTRYPOINT'): Instruction {
  flagsOf(context);
  return { ...commonOf(context), type, command: commandArgument(context) };
}

function single(context: DecodeContext, type: 'USER' | 'WORKDIR' | 'STOPSIGNAL' | 'MAINTAINER'): Instruction {
  flagsOf(context);
  return { ...commonOf(context), type, value: wholeArgument(context) };
}

function decodeExpose(context: DecodeContext): WordsInstruction {
  flagsOf(context);
  const words = splitAtBlanks(context.node.argument.text).map((piece) => wordOf(context, piece));
  if (words.length === 0) throw refuse(context, 'EXPOSE needs a port: EXPOSE 80 or EXPOSE 53/udp');
  return { ...commonOf(context), type: 'EXPOSE', words };
}

function decodeVolume(context: DecodeContext): WordsInstruction {
  flagsOf(context);
  const words = listArgument(context);
  if (words.length === 0) throw refuse(context, 'VOLUME needs a path');
  const blank = words.find(({ text }) => text.trim() === '');
  if (blank !== undefined) throw refuse(context, 'the path of a VOLUME must not be empty', blank.range);
  return { ...commonOf(context), type: 'VOLUME', words };
}

function decodeShell(context: DecodeContext): ShellInstruction {
  flagsOf(context);
  const json = parseStringArray(context.node.argument.text);
  if (json.kind !== 'array' || json.items.length === 0) {
    throw refuse(context, 'SHELL takes a JSON array of strings, such as ["/bin/bash", "-c"]');
  }
  return { ...commonOf(context), type: 'SHELL', args: json.items };
}
