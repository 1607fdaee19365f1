import {
  commandArgument,
  commonOf,
  type DecodeContext,
  flagsOf,
  refuse,
} from '#build/dockerfile/decode/context.ts';
import type { Flags } from '#build/dockerfile/flags.ts';
import type { HealthcheckInstruction } from '#build/dockerfile/instructions.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import { parseGoDuration } from '#wire/go-duration.ts';

const minimumNs = 1e6;

export function decodeHealthcheck(context: DecodeContext): HealthcheckInstruction {
  const { argument } = context.node;
  const type = /^\S*/.exec(argument.text)?.[0] ?? '';
  const rest = argument.text.slice(type.length);
  const range = argument.rangeOf(0, type.length);
  const common = { ...commonOf(context), type: 'HEALTHCHECK' as const };
  if (type.toUpperCase() === 'NONE') {
    flagsOf(context);
    if (rest.trim() !== '') throw refuse(context, 'nothing may follow HEALTHCHECK NONE');
    return common;
  }
  const flags = flagsOf(context, {
    interval: 'text',
    timeout: 'text',
    'start-period': 'text',
    'start-interval': 'text',
    retries: 'text',
  });
  if (type.toUpperCase() !== 'CMD') {
    const hint = type === '' ? '' : didYouMean(type, ['CMD', 'NONE']);
    throw refuse(context, `HEALTHCHECK must be followed by NONE, or by CMD and a command${hint}`, range);
  }
  if (rest.trim() === '') throw refuse(context, 'HEALTHCHECK CMD needs a command');
  const intervalNs = duration(flags, 'interval');
  const timeoutNs = duration(flags, 'timeout');
  const startPeriodNs = duration(flags, 'start-period');
  const startIntervalNs = duration(flags, 'start-interval');
  const retries = count(flags, 'retries');
  return {
    ...common,
    check: {
      command: commandArgument(context, type.length),
      ...(intervalNs === undefined ? {} : { intervalNs }),
      ...(timeoutNs === undefined ? {} : { timeoutNs }),
      ...(startPeriodNs === undefined ? {} : { startPeriodNs }),
      ...(startIntervalNs === undefined ? {} : { startIntervalNs }),
      ...(retries === undefined ? {} : { retries }),
    },
  };
}

function duration(flags: Flags, name: string): number | undefined {
  const word = flags.word(name);
  if (word === undefined) return undefined;
  const value = parseGoDuration(word.text);
  if (value === undefined) {
    throw flags.refuse(
      word,
      `--${name} takes a duration such as 30s or 1m30s, not "${word.text.slice(0, 64)}"`,
    );
  }
  // 0 is "as the base image has it".
  if (value !== 0 && value < minimumNs) throw flags.refuse(word, `--${name} must be at least 1ms`);
  return value;
}

function count(flags: Flags, name: string): number | undefined {
  const word = flags.word(name);
  if (word === undefined) return undefined;
  if (!/^\d{1,9}$/.test(word.text)) {
    throw flags.refuse(word, `--${name} takes a number, not "${word.text.slice(0, 64)}"`);
  }
  return Number(word.text);
}
