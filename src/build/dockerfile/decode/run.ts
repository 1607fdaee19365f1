import {
  commandArgument,
  commonOf,
  type DecodeContext,
  flagsOf,
  refuse,
} from '#build/dockerfile/decode/context.ts';
import type { RunInstruction } from '#build/dockerfile/instructions.ts';
import { parseMountOptions } from '#build/dockerfile/mount-options.ts';
import type { Word } from '#build/dockerfile/source.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import { DhowError } from '#errors/error.ts';

const networks = ['default', 'none', 'host'] as const;
const securities = ['sandbox', 'insecure'] as const;

export function decodeRun(context: DecodeContext): RunInstruction {
  const { source, node } = context;
  const flags = flagsOf(context, { mount: 'list', network: 'text', security: 'text', device: 'list' });
  const [device] = flags.words('device');
  if (device !== undefined) {
    throw new DhowError(
      'Unsupported',
      `${source.name}:${device.range.start.line}: RUN --device is not supported`,
    );
  }
  const command = commandArgument(context);
  const empty = command.form === 'exec' ? command.args.length === 0 : command.text === '';
  if (empty) throw refuse(context, 'RUN needs a command');
  return {
    ...commonOf(context),
    type: 'RUN',
    command,
    heredocs: node.heredocs,
    mounts: flags.words('mount').map((mount) => parseMountOptions(source, mount)),
    network: oneOf(context, '--network', networks, flags.word('network')),
    security: oneOf(context, '--security', securities, flags.word('security')),
  };
}

function oneOf<Value extends string>(
  context: DecodeContext,
  flag: string,
  allowed: readonly [Value, ...Value[]],
  word: Word | undefined,
): Value {
  if (word === undefined) return allowed[0];
  const found = allowed.find((value) => value === word.text);
  if (found !== undefined) return found;
  throw refuse(
    context,
    `${flag} takes ${allowed.join(', ')}, not "${word.text.slice(0, 64)}"${didYouMean(word.text, allowed)}`,
    word.range,
  );
}
